#include "support/scripted_stream.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <postferry/base/text.h>

namespace postferry::test {

Script& Script::add(Do what, std::string bytes) {
  steps_.push_back({what, std::move(bytes)});
  return *this;
}
Script& Script::expect(std::string line) { return add(Do::expect, std::move(line) + "\r\n"); }
Script& Script::say_bytes(std::string bytes) { return add(Do::say, std::move(bytes)); }
Script& Script::close() { return add(Do::close); }
Script& Script::reset() { return add(Do::reset); }
Script& Script::stall() { return add(Do::stall); }
Script& Script::tls() { return add(Do::tls); }
Script& Script::bad_tls() { return add(Do::bad_tls); }
Script& Script::refuse() { return add(Do::refuse); }
Script& Script::lockstep() { return add(Do::lockstep); }

ScriptedStream::ScriptedStream(Script script, Chunks chunks, std::shared_ptr<Played> played, bool secure)
    : script_(std::move(script)), played_(played ? std::move(played) : std::make_shared<Played>()) {
  if (chunks != 0) random_.emplace(chunks);
  played_->secure = secure;
  advance();
}

void ScriptedStream::depart(const std::string& what) {
  if (played_->problem.empty()) played_->problem = what;
  throw Error(Cause::protocol, Blast::run, Retry::never, "departure from the script: " + what);
}

void ScriptedStream::lost(const std::string& what) {
  throw Error(Cause::network, Blast::session, Retry::now, "script: " + what);
}

bool matches(std::string_view pattern, std::string_view text) {
  constexpr std::string_view any = "<ANY>";
  const auto hole = pattern.find(any);
  if (hole == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, hole))) return false;
  text.remove_prefix(hole);
  pattern.remove_prefix(hole + any.size());
  for (std::size_t skip = 0; skip <= text.size(); ++skip) {
    if (matches(pattern, text.substr(skip))) return true;
  }
  return false;
}

// False while the client has not said enough.
bool ScriptedStream::take_expected(const std::string& pattern) {
  // what is expected may hold line ends of its own (a literal), so lines are counted, not looked for
  const auto lines = std::count(pattern.begin(), pattern.end(), '\n');
  std::size_t end = 0;
  for (std::ptrdiff_t line = 0; line < lines; ++line) {
    const auto hit = inbox_.find('\n', end);
    if (hit == std::string::npos) {
      if (pattern.find("<ANY>") == std::string::npos &&
          !pattern.starts_with(std::string_view(inbox_).substr(0, pattern.size()))) {
        depart(fmt::format("expected \"{}\", got \"{}\"", printable(pattern), printable(inbox_, 200)));
      }
      return false;
    }
    end = hit + 1;
  }
  if (!matches(pattern, std::string_view(inbox_).substr(0, end))) {
    depart(fmt::format("expected \"{}\", got \"{}\"", printable(pattern),
                       printable(inbox_.substr(0, end), 200)));
  }
  inbox_.erase(0, end);
  return true;
}

bool ScriptedStream::nothing_more_is_expected() const {
  return std::none_of(script_.steps_.begin() + static_cast<std::ptrdiff_t>(at_), script_.steps_.end(),
                      [](const Script::Step& step) { return step.what == Do::expect; });
}

void ScriptedStream::advance() {
  while (const auto* step = next()) {
    if (step->what == Do::lockstep) {
      lockstep_ = true;
    } else if (step->what != Do::expect || !take_expected(step->bytes)) {
      return;
    } else if (lockstep_ && !inbox_.empty()) {
      depart(fmt::format("\"{}\" was sent before the answer was there", printable(inbox_, 200)));
    }
    const bool said_goodbye = step->bytes.ends_with(" LOGOUT\r\n") || step->bytes == "QUIT\r\n";
    ++at_;
    if (said_goodbye && nothing_more_is_expected()) played_->finished = true;  // the answer need not be waited for
  }
  played_->finished = true;
}

std::size_t ScriptedStream::cut(std::size_t bytes) {
  if (!random_) return bytes;
  const std::size_t wish = (*random_)() % 3 == 0 ? 1 : 1 + (*random_)() % 100;
  return std::min(bytes, wish);
}

std::size_t ScriptedStream::read(std::span<std::byte> into) {
  if (aborted_) throw Cancelled();
  std::size_t got = 0;
  while (got < into.size()) {
    const auto* step = next();
    if (step == nullptr || step->what != Do::say) break;
    const auto left = std::string_view(step->bytes).substr(said_);
    const auto wish = std::min(left.size(), into.size() - got);
    const auto part = cut(wish);
    std::memcpy(into.data() + got, left.data(), part);
    got += part;
    said_ += part;
    if (said_ == step->bytes.size()) {
      ++at_, said_ = 0;
      advance();
    }
    if (random_) break;
  }
  if (got > 0 || into.empty()) return got;
  const auto* step = next();
  if (step == nullptr) return 0;
  switch (step->what) {
    case Do::close:
      played_->finished = true;
      return 0;
    case Do::reset:
      played_->finished = true;
      lost("connection reset");
    case Do::stall:
      played_->finished = true;
      lost("the server has been silent for 60 s");
    case Do::expect:
      depart(fmt::format("the client waits, but \"{}\" was expected of it", printable(step->bytes)));
    default:
      depart("the client reads where it should begin TLS");
  }
}

void ScriptedStream::write(std::span<const std::byte> bytes) {
  if (aborted_) throw Cancelled();
  const auto text = as_text(bytes);
  played_->sent += text;
  const auto* step = next();
  // to a server that has gone one can write for a while: only a reset is felt at once
  if (step != nullptr && step->what == Do::reset) played_->finished = true, lost("connection reset");
  inbox_ += text;
  advance();
}

void ScriptedStream::start_tls(const net::TlsPolicy& policy) {
  played_->tls_host = policy.host;
  const auto* step = next();
  if (step != nullptr && step->what == Do::bad_tls) {
    ++at_, played_->finished = true;
    throw Error(Cause::tls, Blast::endpoint, Retry::never, "script: the certificate is for another host");
  }
  if (step != nullptr && step->what == Do::say && inbox_.empty()) {
    // plain bytes on their way: they arrive where the handshake should be
    played_->finished = true;
    throw Error(Cause::protocol, Blast::endpoint, Retry::never,
                "script: plain bytes broke the TLS handshake");
  }
  if (step == nullptr || step->what != Do::tls || !inbox_.empty()) {
    depart("TLS begins where the script has none");
  }
  ++at_;
  played_->secure = true;
  advance();
}

std::unique_ptr<net::Stream> ScriptedDialer::dial(const std::string& host, std::uint16_t port,
                                                  const net::TlsPolicy* tls, const net::Timeouts&,
                                                  std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  const std::lock_guard lock(mutex_);
  if (played_.size() == scripts_.size()) {
    refused_ = fmt::format("there was a connection more than the {} in the script", scripts_.size());
    throw Error(Cause::network, Blast::endpoint, Retry::later,
                fmt::format("{}:{}: {}", host, port, refused_));
  }
  auto& script = scripts_[played_.size()];
  auto& played = played_.emplace_back(std::make_shared<Played>());
  if (!script.steps_.empty() && script.steps_.front().what == Script::Do::refuse) {
    played->finished = true;
    throw Error(Cause::network, Blast::endpoint, Retry::later,
                fmt::format("{}:{}: cannot connect", host, port));
  }
  if (tls != nullptr) played->tls_host = tls->host;
  return std::make_unique<ScriptedStream>(std::move(script), chunks_, played, tls != nullptr);
}

std::vector<std::shared_ptr<Played>> ScriptedDialer::played() const {
  const std::lock_guard lock(mutex_);
  return played_;
}

std::string ScriptedDialer::problems() const {
  const std::lock_guard lock(mutex_);
  std::string out = refused_;
  for (std::size_t i = 0; i < played_.size(); ++i) {
    if (!played_[i]->problem.empty())
      out += fmt::format("; connection {}: {}", i + 1, played_[i]->problem);
    else if (!played_[i]->finished)
      out += fmt::format("; connection {}: the script was not played to its end", i + 1);
  }
  if (played_.size() < scripts_.size()) {
    out += fmt::format("; only {} of {} connections were made", played_.size(), scripts_.size());
  }
  return out;
}

}  // namespace postferry::test
