// Measurements on the disk.
#pragma once

#include "tools/tuning/Export.h"

#include "llvm/Support/Error.h"

#include <memory>
#include <string>

struct sqlite3;

namespace skip::tuning {

/// An SQLite file. Each record is a transaction of its own, so that whatever ends the process loses none; several processes may
/// read and write one file at a time. Errors name the file.
class Database {
public:
  /// An existing database. It is checked from end to end first: a damaged one, one of another program and one that a newer
  /// skipc wrote are errors.
  static llvm::Expected<Database> open(const std::string &path);
  /// The same, but makes the file and its folder if they are not there.
  static llvm::Expected<Database> openOrCreate(const std::string &path);

  /// All that is well-formed and legal; the rest is told in `ignored`.
  llvm::Expected<std::vector<Measurement>> all(Ignored &ignored);

  /// Adds a measurement. Of two of the same, the one of more runs stays, of as many the lesser time.
  llvm::Error record(const Measurement &measurement);
  /// Adds all of them or none.
  llvm::Error record(const std::vector<Measurement> &measurements);

private:
  struct Close {
    void operator()(sqlite3 *handle) const;
  };
  Database(std::string path) : path(std::move(path)) {}
  llvm::Error connect(int flags);
  llvm::Error execute(const char *sql);
  llvm::Error createTables();
  llvm::Error checkHeader();
  llvm::Error checkTable(const char *name, const char *wanted, bool &exists);
  llvm::Error insert(const Measurement &measurement);
  llvm::Error write(const char *sql, const MeasurementText &measurement);
  llvm::Error failure(const char *what);

  std::string path;
  bool hasNoise = false; ///< the table of it, which files of earlier versions have not
  std::unique_ptr<sqlite3, Close> handle;
};

/// The measurements of a file, whether it is a database or an export.
llvm::Expected<std::vector<Measurement>> readMeasurements(const std::string &path, Ignored &ignored);

} // namespace skip::tuning
