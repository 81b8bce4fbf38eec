// The database: what is recorded stays, whoever else writes; what is no database of ours is refused.
#include "tools/tuning/Database.h"

#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/tuning/Samples.h"
#include "tools/tuning/Export.h"

#include <csignal>
#include <fstream>
#include <sqlite3.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace skip;
using namespace skip::test;
using Catch::Matchers::Contains;
using tuning::Database;
using tuning::Measurement;

static std::vector<Measurement> allOf(const std::string &path) {
  tuning::Ignored ignored;
  std::vector<Measurement> all = require(tuning::readMeasurements(path, ignored));
  CHECK(ignored.count == 0);
  return all;
}

/// Runs SQL on the file behind our back.
static void sql(const std::string &path, const char *text) {
  sqlite3 *handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, text, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}

TEST_CASE("database: measurements stay, more runs win, then the lesser time") {
  ::test::TemporaryFolder folder;
  std::string path = folder.path("deep/er/tuning.db");
  {
    Database database = require(Database::openOrCreate(path));
    require(database.record(sampleMeasurement(1000)));
    require(database.record(sampleMeasurement(900)));
    require(database.record(sampleMeasurement(950)));
    Measurement more = sampleMeasurement(930), fewer = sampleMeasurement(1);
    more.runs = 9;
    fewer.runs = 2;
    require(database.record(more));
    require(database.record(fewer));
    require(database.record(sampleMeasurement(700, 8)));
  }
  std::vector<Measurement> all = allOf(path);
  REQUIRE(all.size() == 2);
  CHECK(all[0].nanoseconds == 930);
  CHECK(all[0].runs == 9);
  CHECK(all[1] == sampleMeasurement(700, 8));
  require(Database::openOrCreate(path));
  CHECK(allOf(path).size() == 2);
}

TEST_CASE("database: what was recorded survives a process that is killed") {
  ::test::TemporaryFolder folder;
  std::string path = folder.path("tuning.db");
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  pid_t child = fork();
  if (child == 0) {
    llvm::Expected<Database> database = Database::openOrCreate(path);
    if (!database)
      _exit(1);
    for (int64_t time = 5000;; --time) {
      if (llvm::Error error = database->record(sampleMeasurement(std::max<int64_t>(time, 1))))
        _exit(1);
      char byte = 0;
      if (write(ready[1], &byte, 1) != 1)
        _exit(1);
    }
  }
  char bytes[5];
  for (size_t got = 0; got < sizeof(bytes);) {
    ssize_t count = read(ready[0], bytes, sizeof(bytes) - got);
    REQUIRE(count > 0);
    got += static_cast<size_t>(count);
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  std::vector<Measurement> all = allOf(path);
  REQUIRE(all.size() == 1);
  CHECK(all[0].nanoseconds <= 4996);
}

TEST_CASE("database: two tuners make and fill one file at a time") {
  ::test::TemporaryFolder folder;
  std::string path = folder.path("tuning.db");
  auto tuner = [&](int64_t threads) {
    llvm::Expected<Database> database = Database::openOrCreate(path);
    bool good = bool(database);
    for (int64_t i = 1; good && i <= 20; ++i) {
      Measurement m = sampleMeasurement(1000 + i, i % 2 ? 8 : 14);
      m.threads = threads;
      problemOf(m).images = i;
      llvm::Error error = database->record(m);
      good = !error;
      llvm::consumeError(std::move(error));
    }
    llvm::consumeError(database.takeError());
    return good;
  };
  bool first = false, second = false;
  std::thread other([&] { first = tuner(1); });
  second = tuner(2);
  other.join();
  CHECK(first);
  CHECK(second);
  CHECK(allOf(path).size() == 40);
}

TEST_CASE("database: by how much a time may be off stays with it, and with no other") {
  ::test::TemporaryFolder folder;
  std::string path = folder.path("tuning.db");
  Measurement noisy = sampleMeasurement(1000), fewer = sampleMeasurement(900);
  noisy.noise = 7;
  fewer.runs = 2;
  fewer.noise = 50;
  Database database = require(Database::openOrCreate(path));
  require(database.record(noisy));
  require(database.record(fewer));
  REQUIRE(allOf(path).size() == 1);
  CHECK(allOf(path)[0] == noisy);
  sql(path, "UPDATE measurements SET nanoseconds = 990, runs = 20"); // as a version does that knows no noise
  CHECK(allOf(path)[0].noise == 0);
}

TEST_CASE("database: a file of an earlier version is read, and gets the table of noises when it is written") {
  ::test::TemporaryFolder folder;
  std::string path = folder.path("tuning.db");
  require(require(Database::openOrCreate(path)).record(sampleMeasurement(1000)));
  sql(path, "DROP TABLE noises");
  CHECK(allOf(path)[0] == sampleMeasurement(1000));
  Measurement noisy = sampleMeasurement(800);
  noisy.noise = 3;
  require(require(Database::openOrCreate(path)).record(noisy));
  CHECK(allOf(path)[0] == noisy);
  sql(path, "DROP TABLE noises; CREATE TABLE noises (a, b)");
  CHECK_THAT(errorOf(Database::open(path)), Contains("the table `noises` of this tuning database is not as skipc makes it"));
}

TEST_CASE("database: files of others are refused") {
  ::test::TemporaryFolder folder;
  tuning::Ignored ignored;
  std::string text = folder.write("notes.db", "these are my notes, and no database at all, long enough for a header of one\n"
                                              "these are my notes, and no database at all, long enough for a header of one\n");
  CHECK_THAT(errorOf(tuning::readMeasurements(text, ignored)), Contains("notes.db") && Contains("no tuning database"));
  CHECK_THAT(errorOf(Database::openOrCreate(text)), Contains("no tuning database"));
  std::string foreign = folder.path("foreign.db");
  sql(foreign, "CREATE TABLE measurements (a, b)");
  CHECK_THAT(errorOf(Database::openOrCreate(foreign)), Contains("another program"));
  std::string missing = folder.path("missing.db");
  CHECK_THAT(errorOf(tuning::readMeasurements(missing, ignored)), Contains("cannot read"));
  CHECK_THAT(errorOf(Database::openOrCreate(folder.path(""))), Contains("cannot open"));
}

TEST_CASE("database: a newer schema and a table that is not ours are refused") {
  ::test::TemporaryFolder folder;
  std::string newer = folder.path("newer.db"), changed = folder.path("changed.db");
  require(Database::openOrCreate(newer));
  require(Database::openOrCreate(changed));
  sql(newer, "PRAGMA user_version = 2");
  CHECK_THAT(errorOf(Database::openOrCreate(newer)), Contains("another version of skipc wrote this tuning database (schema 2"));
  sql(changed, "DROP TABLE measurements; CREATE VIEW measurements AS SELECT 1");
  CHECK_THAT(errorOf(Database::openOrCreate(changed)), Contains("damaged"));
}

TEST_CASE("database: damage is found wherever it is") {
  ::test::TemporaryFolder folder;
  std::string path = folder.path("tuning.db");
  {
    Database database = require(Database::openOrCreate(path));
    std::vector<Measurement> many;
    for (int64_t images = 1; images <= 200; ++images) {
      many.push_back(sampleMeasurement(images));
      problemOf(many.back()).images = images;
    }
    require(database.record(many));
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(3 * 4096);
  file << std::string(4096, '\xAA');
  file.close();
  CHECK_THAT(errorOf(Database::open(path)), Contains("tuning.db") && Contains("damaged"));
}

TEST_CASE("database: rows that are not believed are counted, not used") {
  ::test::TemporaryFolder folder;
  std::string path = folder.path("tuning.db");
  require(require(Database::openOrCreate(path)).record(sampleMeasurement()));
  sql(path, "INSERT INTO measurements SELECT device, compiler, problem, threads, 'direct 1x1x13', 1, 1 FROM measurements;"
            "INSERT INTO measurements VALUES ('A', 'b', char(10, 27), 1, 'd', 1, 1), (x'00ff', '', 3.5, -1, 'x', 'y', 'z');"
            "INSERT INTO measurements SELECT device, compiler, problem, -5, choice, 1, 1 FROM measurements LIMIT 1");
  tuning::Ignored ignored;
  std::vector<Measurement> all = require(tuning::readMeasurements(path, ignored));
  CHECK(ignored.count == 4);
  CHECK_THAT(ignored.text(), Contains("4 tuning entries are not") && Contains("the first is `" + path + R"(`: `\x0a\x1b; d`)"));
  CHECK(ignored.text().find('\n') == std::string::npos);
  REQUIRE(all.size() == 1);
  CHECK(all[0] == sampleMeasurement());
}
