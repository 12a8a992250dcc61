// replaced by the first fake
