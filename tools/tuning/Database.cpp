// All SQL there is.
//
// The rollback journal, SQLite's default, rather than a write-ahead log: a database that nobody writes to is one file that can
// be copied, it works on network file systems, and a few commits a second need no more. A file is ours by its application id;
// `user_version` is the schema's.
#include "tools/tuning/Database.h"

#include "tools/tuning/Export.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <sqlite3.h>

using namespace skip;
using namespace skip::tuning;
using llvm::Error;
using llvm::Expected;

static constexpr int64_t applicationId = 0x536b6970; // "Skip"
static constexpr int64_t schemaVersion = 1;
static constexpr int busyMilliseconds = 20000;

static constexpr const char *createTable =
    "CREATE TABLE measurements (device TEXT NOT NULL, compiler TEXT NOT NULL, problem TEXT NOT NULL, threads INTEGER NOT NULL, "
    "choice TEXT NOT NULL, nanoseconds INTEGER NOT NULL, runs INTEGER NOT NULL, "
    "PRIMARY KEY (device, compiler, problem, threads, choice)) WITHOUT ROWID";
/// By how much a time may be off. In a table of its own, so that versions that know nothing of it read and write the file, and
/// theirs is read: a row counts while the time is the one that it was measured with.
static constexpr const char *createNoise =
    "CREATE TABLE noises (device TEXT NOT NULL, compiler TEXT NOT NULL, problem TEXT NOT NULL, threads INTEGER NOT NULL, "
    "choice TEXT NOT NULL, nanoseconds INTEGER NOT NULL, runs INTEGER NOT NULL, noise INTEGER NOT NULL, "
    "PRIMARY KEY (device, compiler, problem, threads, choice)) WITHOUT ROWID";
static constexpr const char *upsert =
    "INSERT INTO measurements VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET "
    "nanoseconds = CASE WHEN excluded.runs > runs THEN excluded.nanoseconds WHEN excluded.runs < runs THEN nanoseconds "
    "ELSE min(nanoseconds, excluded.nanoseconds) END, runs = max(runs, excluded.runs)";
/// Only of a measurement that has stayed.
static constexpr const char *insertNoise = "INSERT OR REPLACE INTO noises SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM "
                                           "measurements WHERE device = ?1 AND compiler = ?2 AND "
                                           "problem = ?3 AND threads = ?4 AND choice = ?5 AND nanoseconds = ?6 AND runs = ?7";
static constexpr const char *selectAll =
    "SELECT device, compiler, problem, threads, choice, nanoseconds, runs, 0 FROM measurements "
    "ORDER BY device, compiler, problem, threads, choice";
static constexpr const char *selectWithNoise =
    "SELECT m.device, m.compiler, m.problem, m.threads, m.choice, m.nanoseconds, m.runs, coalesce(n.noise, 0) FROM "
    "measurements m "
    "LEFT JOIN noises n ON n.device = m.device AND n.compiler = m.compiler AND n.problem = m.problem AND n.threads = m.threads "
    "AND n.choice = m.choice AND n.nanoseconds = m.nanoseconds AND n.runs = m.runs "
    "ORDER BY m.device, m.compiler, m.problem, m.threads, m.choice";

void Database::Close::operator()(sqlite3 *handle) const { sqlite3_close_v2(handle); }

Error Database::failure(const char *what) {
  return llvm::createStringError("`" + path + "`: " + what + ": " + sqlite3_errmsg(handle.get()));
}

Error Database::execute(const char *sql) {
  return sqlite3_exec(handle.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Error::success()
                                                                                 : failure("the tuning database failed");
}

namespace {
struct Finalize {
  void operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
} // namespace

static Statement prepare(sqlite3 *handle, const char *sql) {
  sqlite3_stmt *statement = nullptr;
  sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr);
  return Statement(statement);
}

static std::string textColumn(sqlite3_stmt *statement, int column) {
  auto *text = reinterpret_cast<const char *>(sqlite3_column_text(statement, column));
  return text ? std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement, column))) : std::string();
}

/// The first column of the first row; empty, and `good` false, where there is none.
static std::string queryText(sqlite3 *handle, const char *sql, bool &good) {
  Statement statement = prepare(handle, sql);
  good = statement && sqlite3_step(statement.get()) == SQLITE_ROW;
  return good ? textColumn(statement.get(), 0) : std::string();
}

Error Database::connect(int flags) {
  sqlite3 *opened = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  handle.reset(opened);
  if (code != SQLITE_OK)
    return failure("cannot open the tuning database");
  sqlite3_busy_timeout(opened, busyMilliseconds);
  return execute("PRAGMA trusted_schema = OFF");
}

Error Database::checkTable(const char *name, const char *wanted, bool &exists) {
  std::string query = std::string("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '") + name + "'";
  std::string schema = queryText(handle.get(), query.c_str(), exists);
  if (exists && schema != wanted)
    return llvm::createStringError("`" + path + "`: the table `" + name + "` of this tuning database is not as skipc makes it");
  return Error::success();
}

/// Whether it is ours, of a version that we know, and whole.
Error Database::checkHeader() {
  bool good = false;
  int64_t application = std::atoll(queryText(handle.get(), "PRAGMA application_id", good).c_str());
  if (!good && sqlite3_errcode(handle.get()) == SQLITE_BUSY)
    return failure("another process holds this tuning database");
  if (!good)
    return failure("this is no tuning database, or a damaged one");
  int64_t version = std::atoll(queryText(handle.get(), "PRAGMA user_version", good).c_str());
  if (application != applicationId)
    return llvm::createStringError("`" + path + "`: this is no tuning database but one of another program");
  if (version != schemaVersion)
    return llvm::createStringError("`" + path + "`: another version of skipc wrote this tuning database (schema " +
                                   llvm::Twine(version) + "; this one knows " + llvm::Twine(schemaVersion) + ")");
  bool exists = false;
  if (Error error = checkTable("measurements", createTable, exists))
    return error;
  if (Error error = checkTable("noises", createNoise, hasNoise))
    return error;
  good = exists;
  std::string check = good ? queryText(handle.get(), "PRAGMA quick_check(1)", good) : "";
  if (!good || check != "ok")
    return llvm::createStringError("`" + path + "`: this tuning database is damaged" + (check.empty() ? "" : ": " + check) +
                                   "; delete it, or name another with --db");
  return Error::success();
}

/// Of two processes that find a file without them, one makes the tables and the other sees them.
Error Database::createTables() {
  if (Error error = execute("BEGIN IMMEDIATE"))
    return error;
  bool good = false;
  std::string objects = queryText(handle.get(), "SELECT count(*) FROM sqlite_schema", good), sql;
  if (good && objects == "0")
    sql = std::string(createTable) + "; PRAGMA application_id = " + std::to_string(applicationId) +
          "; PRAGMA user_version = " + std::to_string(schemaVersion);
  if (good && queryText(handle.get(), "SELECT count(*) FROM sqlite_schema WHERE name = 'noises'", good) == "0")
    sql += std::string(sql.empty() ? "" : "; ") + createNoise;
  Error made = sql.empty() ? Error::success() : execute(sql.c_str());
  return llvm::joinErrors(std::move(made), execute("COMMIT"));
}

Expected<Database> Database::open(const std::string &path) {
  Database database(path);
  if (Error error = database.connect(SQLITE_OPEN_READWRITE))
    return error;
  if (Error error = database.checkHeader())
    return error;
  return database;
}

Expected<Database> Database::openOrCreate(const std::string &path) {
  llvm::StringRef folder = llvm::sys::path::parent_path(path);
  if (std::error_code code = folder.empty() ? std::error_code() : llvm::sys::fs::create_directories(folder))
    return llvm::createStringError("cannot make the folder of `" + path + "`: " + code.message());
  Database database(path);
  if (Error error = database.connect(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE))
    return error;
  uint64_t size = 0;
  bool isEmpty = !llvm::sys::fs::file_size(path, size) && size == 0;
  if (isEmpty)
    if (Error error = database.createTables())
      return error;
  if (Error error = database.checkHeader())
    return error;
  if (!database.hasNoise) { // of an earlier version
    if (Error error = database.createTables())
      return error;
    database.hasNoise = true;
  }
  return database;
}

Error Database::insert(const Measurement &measurement) {
  MeasurementText m = textOf(measurement);
  if (Error error = write(upsert, m))
    return error;
  return m.noise > 0 && hasNoise ? write(insertNoise, m) : Error::success();
}

/// Whichever of its parts the statement has.
Error Database::write(const char *sql, const MeasurementText &m) {
  Statement statement = prepare(handle.get(), sql);
  if (!statement)
    return failure("the tuning database failed");
  int column = 0;
  auto text = [&](const std::string &value) {
    sqlite3_bind_text(statement.get(), ++column, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  };
  auto integer = [&](int64_t value) { sqlite3_bind_int64(statement.get(), ++column, value); };
  text(m.device);
  text(m.compiler);
  text(m.problem);
  integer(m.threads);
  text(m.choice);
  integer(m.nanoseconds);
  integer(m.runs);
  if (sqlite3_bind_parameter_count(statement.get()) > column)
    integer(m.noise);
  return sqlite3_step(statement.get()) == SQLITE_DONE ? Error::success() : failure("cannot write into the tuning database");
}

Error Database::record(const Measurement &measurement) { return record(std::vector<Measurement>{measurement}); }

Error Database::record(const std::vector<Measurement> &measurements) {
  if (Error error = execute("BEGIN IMMEDIATE"))
    return error;
  for (const Measurement &measurement : measurements)
    if (Error error = insert(measurement)) {
      llvm::consumeError(execute("ROLLBACK"));
      return error;
    }
  return execute("COMMIT");
}

Expected<std::vector<Measurement>> Database::all(Ignored &ignored) {
  Statement statement = prepare(handle.get(), hasNoise ? selectWithNoise : selectAll);
  std::vector<Measurement> measurements;
  int code = SQLITE_ERROR;
  while (statement && (code = sqlite3_step(statement.get())) == SQLITE_ROW) {
    sqlite3_stmt *row = statement.get();
    MeasurementText text{textColumn(row, 0),           textColumn(row, 1),           textColumn(row, 2),
                         textColumn(row, 4),           sqlite3_column_int64(row, 3), sqlite3_column_int64(row, 5),
                         sqlite3_column_int64(row, 6), sqlite3_column_int64(row, 7)};
    if (std::optional<Measurement> measurement = parse(text))
      measurements.push_back(*measurement);
    else
      ignored.add("`" + path + "`", text.problem + "; " + text.choice);
  }
  if (code != SQLITE_DONE)
    return failure("cannot read the tuning database");
  return measurements;
}

Expected<std::vector<Measurement>> tuning::readMeasurements(const std::string &path, Ignored &ignored) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError("cannot read `" + path + "`: " + buffer.getError().message());
  if ((*buffer)->getBufferSize() == 0)
    return llvm::createStringError("`" + path + "` is empty: neither a tuning database nor an export of one");
  if (isExport((*buffer)->getBuffer()))
    return importText((*buffer)->getBuffer(), path, ignored);
  Expected<Database> database = Database::open(path);
  if (!database)
    return database.takeError();
  return database->all(ignored);
}
