#pragma once

#include <filesystem>
#include <string>

namespace postferry::config {

std::filesystem::path home();         // $HOME; empty if there is none
std::filesystem::path config_home();  // $XDG_CONFIG_HOME, else ~/.config; empty if there is neither
// "~" and "~/..." stand for the home folder; a relative path is taken from `base`.
std::filesystem::path expand(const std::string& path, const std::filesystem::path& base);

// 127/8, ::1 or the word "localhost", never a name that resolves there.
bool is_loopback(const std::string& host);

}  // namespace postferry::config
