#include "pop3_source.h"

#include <mutex>
#include <optional>
#include <utility>

#include <postferry/base/error.h>
#include <postferry/base/task_group.h>

#include "connection.h"
#include "pop3_reader.h"
#include "pop3_releaser.h"
#include "pop3_sign_in.h"

namespace postferry::endpoints {
namespace {

class Pop3Source final : public mail::MailSource, public Pop3Lines {
 public:
  Pop3Source(config::Account account, Secret secret, Tools tools)
      : account_(std::move(account)), secret_(std::move(secret)), tools_(std::move(tools)) {}
  ~Pop3Source() override {
    if (idle_.session) idle_.session->say_quit();
  }

  mail::SourceTraits traits() const override { return {false, false, false, 1}; }

  std::vector<mail::Folder> folders(std::stop_token stop) override {
    auto line = borrow(stop);
    mail::Folder inbox;
    inbox.wire_name = "INBOX";
    inbox.path = {"INBOX"};
    inbox.role = mail::Role::inbox;
    inbox.subscribed = true;
    try {
      line.listing = line.session->list();
    } catch (const Error& error) {
      // Whatever is wrong with the lists, the reader of the folder finds out, and it costs the folder.
      if (!line.session->stat() || error.blast >= Blast::endpoint) throw at_host(account_.host, error);
    }
    const auto drop = *line.session->stat();
    inbox.messages = drop.messages.value_or(0);
    inbox.bytes = drop.bytes.value_or(0);
    if (line.listing) give_back(std::move(line));
    return {inbox};
  }

  std::unique_ptr<mail::FolderReader> open(const mail::Folder&, std::stop_token stop) override {
    return pop3_reader(account_, tools_, *this, std::move(stop));
  }

  std::unique_ptr<mail::Releaser> releaser(const mail::Folder&, std::stop_token stop) override {
    return pop3_releaser(account_, *this, std::move(stop));
  }

  // Pop3Lines. The one session, if nobody has it; a maildrop takes no second one (RFC 1939 section 3), so
  // that the server refuses whoever comes while it is lent.
  Pop3Line borrow(std::stop_token stop) override {
    {
      const std::lock_guard lock(mutex_);
      if (idle_.session) {
        idle_.stoppable->follow(stop);
        return std::exchange(idle_, {});
      }
    }
    auto line = take_ahead();
    const bool is_ahead = line.session != nullptr;
    if (!is_ahead) line = pop3_dial(account_, tools_, stop);
    line.stoppable->follow(stop);
    wait_for_leaving();
    try {
      pop3_sign_in(line, account_, secret_);
    } catch (const Error& error) {
      // Dialed ahead, it may have been closed for its idleness, and some servers say so with an -ERR, which looks like a no.
      if (!is_ahead || error.cause == Cause::throttled) throw;
      line = pop3_dial(account_, tools_, stop);
      pop3_sign_in(line, account_, secret_);
    }
    return line;
  }

  void dial_ahead(std::stop_token stop) noexcept override {
    take_ahead();
    try {
      dialing_.emplace(std::move(stop));
      dialing_->start("dial", [this](std::stop_token while_dialing) {
        auto line = pop3_dial(account_, tools_, std::move(while_dialing));
        line.stoppable->follow({});
        ahead_ = std::move(line);
      });
    } catch (...) {
      dialing_.reset();  // no thread to be had: then without it
    }
  }

  void give_back(Pop3Line line) noexcept override {
    line.stoppable->follow({});
    const std::lock_guard lock(mutex_);
    idle_ = std::move(line);
  }

  void leave(Pop3Line line) noexcept override {
    line.stoppable->follow({});
    line.session->say_quit();
    const std::lock_guard lock(mutex_);
    leaving_ = std::move(line);
  }

 private:
  Pop3Line take_ahead() noexcept {
    if (!dialing_) return {};
    try {
      dialing_->join();
    } catch (...) {
      // There is none: what is wrong is met again without it.
    }
    dialing_.reset();
    return std::exchange(ahead_, {});
  }

  void wait_for_leaving() noexcept {
    Pop3Line line;
    {
      const std::lock_guard lock(mutex_);
      line = std::exchange(leaving_, {});
    }
    if (line.session) line.session->wait_for_quit();
  }

  const config::Account account_;
  const Secret secret_;
  const Tools tools_;
  std::mutex mutex_;
  Pop3Line idle_, leaving_;  // guarded by mutex_
  // Of the one who has the drop.
  Pop3Line ahead_;
  std::optional<TaskGroup> dialing_;  // for ahead_, which it must not outlive
};

}  // namespace

std::unique_ptr<mail::MailSource> pop3_source(const config::Account& account, Secret secret, Tools tools) {
  return std::make_unique<Pop3Source>(account, std::move(secret), std::move(tools));
}

}  // namespace postferry::endpoints
