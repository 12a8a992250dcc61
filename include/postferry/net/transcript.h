#pragma once

#include <memory>
#include <string>
#include <vector>

#include <postferry/net/stream.h>

namespace postferry::net {

// Writes the wire transcript (--trace FILE) as lines "C: ..." and "S: ...", controls escaped. What a session
// declares secret never reaches it: the session writes credentials through secret_write(). Any thread.
class Transcript {
 public:
  virtual ~Transcript() = default;
  virtual void note(const std::string& connection, Direction direction, Bytes bytes) = 0;
};
std::unique_ptr<Transcript> file_transcript(const std::string& path);

// A stream whose traffic is copied into `transcript` (not owned). While masked(true), what is written is noted
// as "<secret>". hide(): until hide({}) what is read is noted line by line, with these taken out of it.
class TappedStream : public Stream {
 public:
  virtual void masked(bool on) = 0;
  virtual void hide(std::vector<std::string> secrets) = 0;
};
std::unique_ptr<TappedStream> tapped(std::unique_ptr<Stream> below, Transcript& transcript, std::string connection);

}  // namespace postferry::net
