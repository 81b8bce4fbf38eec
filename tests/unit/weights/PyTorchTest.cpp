// PyTorch's files, read without PyTorch: both forms give the tensors bit by bit, wherever scripts put them; all else is
// refused.
#include "tests/unit/weights/ReadTorch.h"
#include "tools/weights/pytorch/TorchFile.h"

#include "llvm/ADT/StringExtras.h"

#include <catch2/catch.hpp>

using namespace skip;
using namespace test;

static std::string simplePickle() {
  PickleText pickle;
  pickle.orderedDict().raw("(").text("w");
  return matrix(pickle).raw("u").end();
}
static std::string simpleZip() { return torchZip(simplePickle(), {{"0", six}}); }
static std::string simplePickles() { return torchPickles(simplePickle(), {{"0", six}}, 4); }

TEST_CASE("both forms of file give the same tensors") {
  std::vector<std::string> right = {line("w", "F32", "2,3", six)};
  CHECK(Read(simpleZip()).tensors == right);
  CHECK(Read(torchZip(simplePickle(), {{"0", six}}, /*deflate=*/true)).tensors == right);
  CHECK(Read(torchZip(simplePickle(), {{"0", six}}, false, /*wide=*/true)).tensors == right);
  CHECK(Read(simplePickles()).tensors == right);
  CHECK(Read(simpleZip()).note == "`net.pth`: read as a PyTorch file, 1 tensor");
}

TEST_CASE("a file is told by its content") {
  CHECK(pytorch::TorchFile::looksLike(simpleZip()));
  CHECK(pytorch::TorchFile::looksLike(simplePickles()));
  CHECK_FALSE(pytorch::TorchFile::looksLike(test::littleEndian(0x280, 8) + "{}"));      // begins as a pickle does
  CHECK_FALSE(pytorch::TorchFile::looksLike(test::littleEndian(0x04034b50, 8) + "{}")); // as a zip archive
  CHECK_FALSE(pytorch::TorchFile::looksLike(""));
}

TEST_CASE("types stay") {
  std::string wide = bytesOf<double>({0.5, -3, 1e300, 0.1, 2, 4});
  for (auto [storage, type, size] : {std::tuple("HalfStorage", "F16", 2),
                                     {"BFloat16Storage", "BF16", 2},
                                     {"DoubleStorage", "F64", 8},
                                     {"LongStorage", "I64", 8},
                                     {"ByteStorage", "U8", 1},
                                     {"BoolStorage", "BOOL", 1}}) {
    std::string bytes = wide.substr(0, 6 * static_cast<size_t>(size));
    PickleText pickle;
    pickle.raw("}(").text("w").tensor(storage, "0", 6, 0, {2, 3}, {3, 1}).raw("u");
    CHECK(Read(torchZip(pickle.end(), {{"0", bytes}})).tensors == std::vector{line("w", type, "2,3", bytes)});
    CHECK(Read(torchPickles(pickle.end(), {{"0", bytes}}, static_cast<size_t>(size))).tensors ==
          std::vector{line("w", type, "2,3", bytes)});
  }
}

/// A tensor of a zip, as `function` of torch._utils makes it of `arguments`, beside one that is read.
static Read madeBy(const std::string &function, const PickleText &arguments) {
  PickleText pickle;
  pickle.raw("}(").text("w").global("torch._utils", function).raw("(" + arguments.bytes.substr(2) + "t");
  matrix(pickle.raw("R").text("v")).raw("u");
  return Read(zipOf(pickle));
}

TEST_CASE("tensors that are no windows into numbers are told, and stop nothing") {
  auto sizes = [](PickleText pickle) { return pickle.number(0).numbers({2, 3}).numbers({3, 1}); };
  PickleText quantized = sizes(PickleText().storage("QInt8Storage", "1", 6));
  CHECK(madeBy("_rebuild_qtensor", quantized).unreadable == std::vector<std::string>{"w quantized qint8 [2,3]"});
  CHECK(madeBy("_rebuild_qtensor", quantized).tensors == std::vector{line("v", "F32", "2,3", six)});
  CHECK(madeBy("_rebuild_qtensor", quantized).notes("2 tensors; 1 tensor of a kind that is not read (`w`, quantized qint8)"));
  PickleText sparse;
  sparse.global("torch", "sparse_coo").raw("(").tensor("LongStorage", "1", 6, 0, {1, 6}, {6, 1});
  sparse.tensor("FloatStorage", "0", 6, 0, {6}, {1}).numbers({4, 5}).raw("\x88t");
  CHECK(madeBy("_rebuild_sparse_tensor", sparse).unreadable == std::vector<std::string>{"w sparse float32 [4,5]"});
  PickleText wide = sizes(PickleText().storage("ComplexDoubleStorage", "1", 6));
  CHECK(madeBy("_rebuild_tensor_v2", wide).unreadable == std::vector<std::string>{"w complex128 [2,3]"});
  PickleText meta = PickleText().global("torch", "float32").numbers({7}).numbers({1}).raw("\x89");
  CHECK(madeBy("_rebuild_meta_tensor_no_storage", meta).unreadable ==
        std::vector<std::string>{"w without values (meta) float32 [7]"});
  PickleText later = sizes(PickleText().storage("UntypedStorage", "1", 6)).raw("\x89)").global("torch", "float3_e1m1");
  CHECK(madeBy("_rebuild_tensor_v3", later).unreadable == std::vector<std::string>{"w float3_e1m1 [2,3]"});
  CHECK(madeBy("_rebuild_of_tomorrow", PickleText().raw("N")).unreadable ==
        std::vector<std::string>{"w made by `torch._utils._rebuild_of_tomorrow`"});
  for (const PickleText &broken : {PickleText(), PickleText().raw("N"), PickleText().raw("NN"), PickleText().raw("NN}N"),
                                   PickleText().raw("N").numbers({-1}).numbers({-1})})
    for (const char *function : {"_rebuild_qtensor", "_rebuild_sparse_tensor", "_rebuild_wrapper_subclass"})
      CHECK(madeBy(function, broken).unreadable.size() == 1);
}

TEST_CASE("a file of the older form has the bytes of tensors that are not read") {
  PickleText quantized;
  quantized.storage("QInt8Storage", "0", 6).number(0).numbers({2, 3}).numbers({3, 1});
  PickleText pickle;
  pickle.raw("}(").text("w").global("torch._utils", "_rebuild_qtensor").raw("(" + quantized.bytes.substr(2) + "tR").text("v");
  pickle.tensor("ByteStorage", "1", 6, 0, {2, 3}, {3, 1}).raw("u");
  Read read(torchPickles(pickle.end(), {{"0", "abcdef"}, {"1", "ghijkl"}}, 1));
  CHECK(read.unreadable == std::vector<std::string>{"w quantized qint8 [2,3]"});
  CHECK(read.tensors == std::vector{line("v", "U8", "2,3", "ghijkl")});
}

TEST_CASE("windows into a shared storage are gathered") {
  PickleText pickle;
  pickle.raw("}(");
  matrix(pickle.text("plain"));
  pickle.text("transposed").tensor("FloatStorage", "0", 6, 0, {3, 2}, {1, 3});
  pickle.text("column").tensor("FloatStorage", "0", 6, 1, {2}, {3});
  pickle.text("repeated").tensor("FloatStorage", "0", 6, 5, {3}, {0});
  pickle.text("none").tensor("FloatStorage", "0", 6, 6, {0, 4}, {4, 1});
  pickle.text("scalar").tensor("FloatStorage", "0", 6, 2, {}, {}).raw("u");
  Read read(zipOf(pickle));
  CHECK(read.tensors == std::vector{line("column", "F32", "2", bytesOf<float>({1, 4})), line("none", "F32", "0,4", ""),
                                    line("plain", "F32", "2,3", six), line("repeated", "F32", "3", bytesOf<float>({5, 5, 5})),
                                    line("scalar", "F32", "", bytesOf<float>({2})),
                                    line("transposed", "F32", "3,2", bytesOf<float>({0, 3, 1, 4, 2, 5}))});
  CHECK(read.notes("made 3 tensors row-major"));
}

TEST_CASE("the old form's views of storages are windows too") {
  PickleText pickle;
  pickle.raw("}(")
      .text("w")
      .global("torch._utils", "_rebuild_tensor")
      .raw("((")
      .text("storage")
      .global("torch", "FloatStorage");
  pickle.text("7").text("cpu").number(6).raw("(").text("8").number(2).number(4).raw("ttQ");
  pickle.number(0).numbers({2, 2}).numbers({2, 1}).raw("tRu");
  Read read(torchPickles(pickle.end(), {{"7", six}}, 4));
  CHECK(read.tensors == std::vector{line("w", "F32", "2,2", bytesOf<float>({2, 3, 4, 5}))});
}

TEST_CASE("parameters, subclasses, untyped storages and Python 2's dicts hold tensors") {
  PickleText parameter;
  matrix(parameter.raw("}(").text("w").global("torch._utils", "_rebuild_parameter").raw("("))
      .raw("\x88")
      .orderedDict()
      .raw("tRu");
  CHECK(Read(zipOf(parameter)).tensors.size() == 1);
  PickleText subclass;
  subclass.raw("}(").text("w").global("torch._tensor", "_rebuild_from_type_v2").raw("(");
  subclass.global("torch._utils", "_rebuild_tensor_v2").global("mine", "Tensor").raw("(").storage("FloatStorage", "0", 6);
  subclass.number(0).numbers({2, 3}).numbers({3, 1}).raw("t}tRu");
  CHECK(Read(zipOf(subclass)).tensors.size() == 1);
  PickleText untyped;
  untyped.raw("}(").text("w").global("torch._utils", "_rebuild_tensor_v3").raw("((").text("storage");
  untyped.global("torch.storage", "UntypedStorage").text("0").text("cpu").number(24).raw("tQ").number(0).numbers({2, 6});
  untyped.numbers({6, 1}).raw("\x89)").global("torch", "uint16").raw("tRu");
  CHECK(Read(zipOf(untyped)).tensors == std::vector{line("w", "U16", "2,6", six)});
  PickleText old;
  old.global("collections", "OrderedDict").raw("(](](U\1w");
  matrix(old).raw("eetR");
  CHECK(Read(zipOf(old)).tensors.size() == 1);
}

TEST_CASE("a tensor whose elements are others than those stored is not read") {
  std::string negated = "}" + PickleText().text("neg").bytes + "\x88s"; // {"neg": True}
  for (const std::string &metadata : {std::string("}"), std::string("N"), negated}) {
    PickleText view;
    view.raw("}(").text("w").global("torch._utils", "_rebuild_tensor_v2").raw("(").storage("FloatStorage", "0", 6);
    view.number(0).numbers({2, 3}).numbers({3, 1}).raw("\x89").orderedDict().raw(metadata).raw("tRu");
    bool isOther = metadata == negated;
    CHECK(Read(zipOf(view)).unreadable ==
          (isOther ? std::vector<std::string>{"w a negated or conjugated view [2,3]"} : std::vector<std::string>{}));
    CHECK(Read(zipOf(view)).tensors.empty() == isOther);
  }
}

TEST_CASE("a text of the file is escaped") {
  PickleText pickle;
  pickle.raw("}(").text("\x1b[2J").number(1).raw("u");
  CHECK(Read(zipOf(pickle)).says("`\\x1b[2J`"));
  PickleText global;
  global.global("evil\x1b]0;", "name").raw(")R");
  CHECK(Read(zipOf(global)).error.find('\x1b') == std::string::npos);
}

struct Refused {
  const char *what;
  PickleText pickle;
  const char *text;
};

TEST_CASE("pickles that lie are refused with their place") {
  std::string deep(100'000, ']');
  const Refused all[] = {
      {"an operation of no pickle", PickleText().raw("\xff"),
       "(member `net/data.pkl`, byte 2): the pickle cannot be read: operation"},
      {"a text of 2^63 bytes", PickleText().raw("\x8d" + test::littleEndian(uint64_t(1) << 63, 8)), "it is cut short"},
      {"no operands", PickleText().raw("R"), "without operands"},
      {"a mark taken for a value", PickleText().raw("]((a"), "without operands"},
      {"an unknown memo", PickleText().raw("h\5"), "never remembered"},
      {"a dict without a value", PickleText().raw("}(").text("w").raw("u"), "a key that has no value"},
      {"items for a number", PickleText().number(1).number(2).raw("a"), "items for what is no list"},
      {"two values at the end", PickleText().number(1).number(2), "ends with 2 values"},
      {"a later protocol", PickleText().raw("\x80\x09N"), "protocol 9"},
      {"no storage", PickleText().text("0").raw("Q"), "a persistent id that is no storage"},
      {"lists in lists", PickleText().raw(deep + std::string(deep.size() - 1, 'a')), "nested more than 24 deep"},
      {"beyond its storage", PickleText().tensor("FloatStorage", "0", 6, 1, {2, 3}, {3, 1}), "reaches beyond its storage"},
      {"sizes beyond 2^64", PickleText().tensor("FloatStorage", "0", 6, 0, {INT64_MAX, INT64_MAX}, {0, 0}),
       "more than 2^64 - 1"},
      {"strides beyond 2^64", PickleText().tensor("FloatStorage", "0", 6, 0, {INT64_MAX, 2}, {INT64_MAX, 1}), "reaches beyond"},
      {"a negative stride", PickleText().tensor("FloatStorage", "0", 6, 5, {2, 3}, {-3, -1}), "not all numbers from 0 on"},
      {"nine dimensions",
       PickleText().tensor("FloatStorage", "0", 6, 0, std::vector<int64_t>(9, 1), std::vector<int64_t>(9, 1)),
       "more than 8 dimensions"},
      {"a repeated element",
       PickleText().raw("}").text("w").tensor("FloatStorage", "0", 6, 0, {1 << 20, 1 << 10}, {0, 0}).raw("s"),
       "take more than 4 times what the file does"},
      {"a storage that is not there",
       PickleText().raw("}").text("w").tensor("FloatStorage", "1", 6, 0, {2, 3}, {3, 1}).raw("s"),
       "there is no member `net/data/1`"},
      {"a storage of another size", PickleText().raw("}").text("w").tensor("FloatStorage", "0", 7, 0, {2, 3}, {3, 1}).raw("s"),
       "(member `net/data/0`): it has 24 bytes, the pickle has 7 elements of 4"},
      {"a name of zero",
       PickleText().raw("}").text(std::string("w\0", 2)).tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1}).raw("s"),
       "a name that is not UTF-8"},
  };
  for (const Refused &each : all) {
    Read read(zipOf(each.pickle));
    INFO(each.what << ": " << read.error);
    CHECK(read.says(each.text));
    CHECK(read.says("`net.pth`"));
  }
}

TEST_CASE("a name that is there twice is refused") {
  PickleText pickle;
  matrix(matrix(pickle.raw("}(").text("w")).text("w")).raw("u");
  CHECK(Read(zipOf(pickle)).says("two tensors in `the file itself` are called `w`"));
}

TEST_CASE("copies of copies are bounded") {
  PickleText pickle; // a list of 4096 pairs, made a dict again and again: 8192 items for 5 bytes
  pickle.raw("](");
  for (int i = 0; i < 4096; ++i)
    pickle.raw("NN\x86");
  pickle.raw("eq\1").global("collections", "OrderedDict").raw("q\2(");
  for (int i = 0; i < 4096; ++i)
    pickle.raw("h\2h\1\x85R");
  CHECK(Read(zipOf(pickle.raw("t\x86"))).says("more than 2^24 items"));
  PickleText names; // a name of megabytes, made a global again and again
  names.text(std::string(1 << 20, 'x')).raw("q\1h\1\x93");
  CHECK(Read(zipOf(names)).says("a name of more than 512 characters"));
}

static std::string patched(std::string file, size_t at, const std::string &bytes) {
  return file.replace(at, bytes.size(), bytes);
}

TEST_CASE("archives that lie are refused") {
  std::string file = simpleZip();
  size_t entry = file.find("PK\1\2"), end = file.find("PK\5\6");
  CHECK(Read(patched(file, entry + 8, "\1")).says("member `net/data.pkl` is encrypted"));
  CHECK(Read(patched(file, entry + 10, "\x0c")).says("packed by method 12"));
  CHECK(Read(patched(file, entry + 16, "\1")).says("do not have the checksum"));
  CHECK(Read(patched(file, entry + 20, "\xff\xff\xff\x7f")).says("is stored, but takes"));
  CHECK(Read(patched(file, entry + 20, "\xff\xff\xff\x7f\xff\xff\xff\x7f")).says("reach beyond the directory"));
  CHECK(Read(patched(file, entry + 42, "\5")).says("its header is not at byte 5"));
  CHECK(Read(patched(file, 30, "x")).says("it has another name at byte 0: `xet/data.pkl`"));
  CHECK(Read(patched(file, end + 4, "\1")).says("several disks"));
  CHECK(Read(patched(file, end + 8, "\xff\x7f\xff\x7f")).says("more than its directory"));
  CHECK(Read(patched(file, end + 16, "\xff\xff\xff\x7f")).says("does not lie in the file"));
  CHECK(Read(file + "\n").says("1 byte beyond the archive's end record at byte"));
  CHECK(Read(file.substr(0, end + 21)).says("so the file is cut short; copy or download"));
  CHECK(Read(test::zip({{"a/data.pkl", "", false}, {"a/data.pkl", "", false}})).says("two members are called `a/data.pkl`"));
  CHECK(Read(test::zip({{"a/data.pkl", "", false}, {"b/data.pkl", "", false}})).says("two members could be the pickle"));
  CHECK(Read(test::zip({{"a", "", false}})).says("no member `NAME/data.pkl`"));
  CHECK(Read(test::zip({{"a/data.pkl", "", false}, {"a/constants.pkl", "", false}})).says("TorchScript"));
  CHECK(Read(test::zip({{"a/data.pkl", "", false}, {"a/byteorder", "big", false}})).says("big-endian"));
}

TEST_CASE("a deflated member that would fill the memory is refused, and one that lies about its size") {
  std::string bomb = torchZip(simplePickle(), {{"0", std::string(64 << 20, '\0')}}, /*deflate=*/true);
  Read read(bomb);
  CHECK(read.says("inflated it would take 67108864 bytes"));
  std::string file = torchZip(simplePickle(), {{"0", six}}, /*deflate=*/true);
  size_t entry = file.find("PK\1\2");
  for (char size : {'\1', '\x7f'})
    CHECK(Read(patched(file, entry + 24, std::string(1, size))).says("are broken, or are not the"));
}

TEST_CASE("files of the older form that lie are refused") {
  std::string file = simplePickles();
  CHECK(Read(file + "x").says("1 bytes follow the last storage"));
  CHECK(Read(patched(file, file.size() - 32, "\7")).says("it has 7 elements, 6 by the pickle"));
  CHECK(Read(patched(file, 4, "x")).says("none of torch.save, which begins with a magic number"));
  CHECK(Read(torchPickles(simplePickle(), {{"1", six}}, 4)).says("a key of no storage: `1`"));
  CHECK(Read(torchPickles(simplePickle(), {{"0", six}, {"0", six}}, 4)).says("it is there twice"));
  CHECK(Read(torchPickles(simplePickle(), {}, 4)).says("the storage `0` is not among the keys"));
}

TEST_CASE("a file that is cut anywhere is refused") {
  for (const std::string &file : {simpleZip(), simplePickles(), torchZip(simplePickle(), {{"0", six}}, true)})
    for (size_t length = 0; length < file.size(); ++length) {
      INFO(length);
      CHECK(!Read(file.substr(0, length)).error.empty());
    }
}

TEST_CASE("a file with any one byte changed is read or refused") {
  for (const std::string &file : {simpleZip(), simplePickles(), torchZip(simplePickle(), {{"0", six}}, true, true)})
    for (size_t at = 0; at < file.size(); ++at)
      for (char change : {'\1', '\x80', '\xff'}) {
        Read read(patched(file, at, std::string(1, static_cast<char>(file[at] ^ change))));
        CHECK((read.error.empty() ? !read.tensors.empty() : read.error.find("net.pth") != std::string::npos));
      }
}
