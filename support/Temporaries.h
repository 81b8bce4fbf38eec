// The list of files and folders that must not outlive this process's work, for a signal handler to remove.
#pragma once

#include <csignal>
#include <string>

namespace skip {

/// Enters `path`, shorter than PATH_MAX, in the list. Enter it before it is created. A folder is removed only when it is empty
/// after all files of the list are gone.
void *enterTemporary(const std::string &path);

/// Takes what enterTemporary returned off the list; removes nothing.
void leaveTemporary(void *registration);

/// Removes all that is on the list. May be called in a signal handler.
void removeTemporaries();

/// From now on SIGINT, SIGTERM and SIGHUP remove all that is on the list, then end the process with exit code 130, 143 or 129.
/// A signal that the process was started to ignore (nohup) stays ignored. Call it first: handlers that LLVM sets later run
/// before ours.
void removeTemporariesOnSignal();

/// Holds SIGINT, SIGTERM and SIGHUP back in its scope, for work that must not end half-way.
class SignalsLater {
public:
  SignalsLater();
  ~SignalsLater();
  SignalsLater(const SignalsLater &) = delete;
  SignalsLater &operator=(const SignalsLater &) = delete;

private:
  sigset_t before;
};

} // namespace skip
