#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include <postferry/engine/job.h>

#include "folder_run.h"
#include "parcel.h"
#include "progress.h"

namespace postferry::engine {

// The writer's side of a lane: takes from the pipe and hands to the sink's writer, which it opens when there
// is something to write. One thread, the lane's.
class Settler {
 public:
  // `read` says under which state the reader opened the folder; asked after the first parcel has come.
  Settler(World& world, FolderRun& folder, const std::function<mail::FolderState()>& read,
          std::stop_token stop);

  // Until the reader closes the pipe. Rethrows what the reader closed it with, after everything that came
  // before has been handed over; what the writer throws passes through.
  void drain(Pipe& pipe);

 private:
  void take(Batch batch);
  void take(mail::Message message);
  void take(const mail::Known& known);
  void take(mail::Span span);
  void open();

  World& world_;
  FolderRun& folder_;
  const std::function<mail::FolderState()>& read_;
  std::stop_token stop_;
  Progress progress_;
  std::unique_ptr<mail::FolderWriter> writer_;
};

}  // namespace postferry::engine
