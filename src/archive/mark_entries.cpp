#include "mark_entries.h"

#include <algorithm>
#include <set>
#include <utility>

#include <postferry/base/error.h>

#include "folder_pages.h"

namespace postferry::archive {

void mark_entries(FolderRecord& record, const Mark& mark, const MarkTools& tools) {
  const auto refuse = [](const Error& why) { throw why; };
  FolderPages pages(tools.index, record.shelves);
  PageBuilder build(tools.work_folder, {tools.account, record.folder.wire_name, record.uidvalidity, numbering_of(record.uidvalidity)},
                    nullptr);
  pages.each(
      [&](Entry entry) {
        if (std::binary_search(mark.numbers.begin(), mark.numbers.end(), entry.number)) entry.presence = mark.presence;
        build.add(entry);
      },
      refuse);
  std::set<codec::Digest> there(record.shelves.begin(), record.shelves.end());
  for (const auto& page : pages.pages()) there.insert(page.page);
  auto built = build.finish(tools.manifests, there);
  record.shelves = std::move(built.shelves);
  record.absent = built.absent;
  record.folder.messages = record.count - record.absent;
  record.folder.token.clear();
  record.highestmodseq = 0;
}

}  // namespace postferry::archive
