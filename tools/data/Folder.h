// Folders of picture files.
#pragma once

#include "tools/data/Dataset.h"

namespace skip::data {

/// The pictures that `folder`/labels.tsv lists: see openDataset().
std::unique_ptr<Dataset> openListedFolder(const std::string &folder, std::string &error);

/// The subfolders of `folder` in the order of their bytes, hidden ones aside: the classes of openClassFolders(). A name with a
/// control character is an error.
std::optional<std::vector<std::string>> classFolders(const std::string &folder, std::string &error);

/// The pictures (.jpg, .jpeg and .png, in small or capital letters) in each of `subfolders` of `folder`, in the order of their
/// names; a picture's label is the place of its subfolder's name in `classes`, where it is. What a subfolder holds besides is
/// passed over, but one without any picture is an error.
std::unique_ptr<Dataset> openClassFolders(const std::string &folder, const std::vector<std::string> &subfolders,
                                          const std::vector<std::string> &classes, std::string &error);

} // namespace skip::data
