// A private folder that goes away with the object, or with the process when it is interrupted.
#pragma once

#include <string>

namespace skip {

class TemporaryFolder {
public:
  TemporaryFolder() = default;
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  /// Makes the folder, readable by this user only, in $TMPDIR or else /tmp. False with a message in `error`.
  bool create(std::string &error);
  const std::string &path() const { return folder; }

  /// Whether libraries and programs in the folder may be run: false, with a message that says what to do, where its file system
  /// is mounted noexec.
  bool allowsPrograms(std::string &error) const;

private:
  std::string folder;
  void *registration = nullptr;
};

} // namespace skip
