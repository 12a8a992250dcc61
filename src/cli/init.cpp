#include <fmt/format.h>

#include <postferry/base/text.h>

#include "commands.h"
#include "open_archive.h"

namespace postferry::cli {

Exit init(Program& program) {
  const auto place = find_archive(program.options.words.front(), program.config);
  const auto archive = create_archive(program, place);
  program.console.json(codec::Json::object()
                           .add("event", "summary")
                           .add("archive", archive.info.id)
                           .add("path", place.path.native())
                           .add("codec", archive.info.codec == codec::Codec::gzip ? "gzip" : "zstd"));
  if (!program.console.is_json()) {
    program.console.said(
        fmt::format("{}: an empty archive, id {}", printable(place.path.native()), archive.info.id));
  }
  return Exit::complete;
}

}  // namespace postferry::cli
