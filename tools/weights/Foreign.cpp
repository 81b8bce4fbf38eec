// Two tables: what files begin with (one has its mark at its end), and what archives hold. The first row that fits counts.
#include "tools/weights/Foreign.h"

#include "support/Printable.h"
#include "tools/text/Failure.h"
#include "tools/text/ShellWord.h"
#include "tools/text/Wrap.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;

namespace {
enum class At {
  byte, // in a file from the byte `offset` on
  end,  // a file ends so
  text  // a text begins so, in whatever case, behind blanks and a byte order mark
};

enum class Advice { save, unpack, fetch, pull, network, again, protocol, other };

struct Kind {
  llvm::StringLiteral mark; // `?` stands for any byte
  llvm::StringRef what;
  Advice advice = Advice::save;
  At at = At::byte;
  size_t offset = 0;
};

/// Of archives, by how a member's name ends.
struct Archive {
  llvm::StringRef ending, what;
  Advice advice = Advice::save;
};
} // namespace

static constexpr Kind kinds[] = {
    {"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes"},
    {"\x93NUMPY", "an array of numpy (.npy)"},
    {"GGUF", "a GGUF file"},
    {"TFL3", "a model of TensorFlow Lite", Advice::save, At::byte, 4},
    {"\x57\xfb\x80\x8b\x24\x75\x47\xdb", "the index of a TensorFlow checkpoint", Advice::save, At::end},
    {"\x08\x01\x12", "a SavedModel of TensorFlow"},
    {"\x08?\x12", "an ONNX file, a network with its weights", Advice::network}, // the format's version, then who wrote it
    {"\x08?:", "an ONNX file, a network with its weights", Advice::network},    // or the graph
    {llvm::StringLiteral::withInnerNUL("\x12\1\0\0\0\0\0\0"), "a file of MXNet's parameters"},
    {"\x81\xa6params", "a checkpoint of Flax"},
    {"L119547037146038801333356L\n", "a PyTorch file of pickle protocol 0 or 1", Advice::protocol},
    {"(dp", "a pickle of protocol 0 or 1", Advice::protocol},
    {"(lp", "a pickle of protocol 0 or 1", Advice::protocol},
    {"}q?", "a pickle of protocol 0 or 1", Advice::protocol},
    {"]q?", "a pickle of protocol 0 or 1", Advice::protocol},
    {"ccollections\n", "a pickle of protocol 0 or 1", Advice::protocol},
    {"ccopy_reg\n", "a pickle of protocol 0 or 1", Advice::protocol},
    {"cnumpy", "a pickle of protocol 0 or 1", Advice::protocol},
    {"ctorch", "a pickle of protocol 0 or 1", Advice::protocol},
    {"\x1f\x8b", "packed by gzip", Advice::unpack},
    {"BZh", "packed by bzip2", Advice::unpack},
    {"\xfd"
     "7zXZ",
     "packed by xz", Advice::unpack},
    {"\x28\xb5\x2f\xfd", "packed by zstd", Advice::unpack},
    {"7z\xbc\xaf\x27\x1c", "a 7z archive", Advice::unpack},
    {"Rar!", "a RAR archive", Advice::unpack},
    {"PK\5\6", "an empty zip archive", Advice::fetch},
    {"sys_info", "a PyTorch file from before version 0.2, a tar archive", Advice::again},
    {"ustar", "a tar archive", Advice::unpack, At::byte, 257},
    {"version https://git-lfs", "a pointer of git-lfs, not the file that it stands for", Advice::pull, At::text},
    {"<!doctype html", "a web page", Advice::fetch, At::text},
    {"<html", "a web page", Advice::fetch, At::text},
    {"<?xml", "an XML text", Advice::fetch, At::text},
    {"{", "a JSON text, such as the index of a checkpoint in several files", Advice::fetch, At::text},
    {"\x89PNG", "a picture", Advice::other},
    {"\xff\xd8\xff", "a picture", Advice::other},
    {"\x7f"
     "ELF",
     "a program or library", Advice::other},
};

static constexpr Archive archives[] = {
    {".npy", "an archive of numpy's arrays (.npz)"},
    {".weights.h5", "a Keras file"},
    {"archive_format", "a program of torch.export", Advice::again},
    {"serialized_exported_program.json", "a program of torch.export", Advice::again},
    {".safetensors", "a zip archive of checkpoints", Advice::unpack},
    {".pth", "a zip archive of checkpoints", Advice::unpack},
    {".pt", "a zip archive of checkpoints", Advice::unpack},
    {"/data.pkl", "a PyTorch file that was packed again within a folder, or within another file", Advice::unpack},
};

static std::string adviceText(Advice advice, llvm::StringRef path) {
  constexpr llvm::StringLiteral reads = "safetensors files and those of torch.save are read";
  switch (advice) {
  case Advice::save:
    return (reads + ": load it where it is from, and save its tensors as one of these").str();
  case Advice::unpack:
    return "unpack it first";
  case Advice::fetch:
    return "download the checkpoint itself";
  case Advice::pull:
    return "`git lfs pull` fetches that";
  case Advice::network:
    return "`skipc import " + tool::shellWord(path) + "` makes a spec and a checkpoint of it";
  case Advice::again:
    return "load it in PyTorch, and save `model.state_dict()` with torch.save";
  case Advice::protocol:
    return (reads + ", whose pickles are of protocol 2 or later: load it in Python, and save it again with torch.save").str();
  case Advice::other:
    return reads.str();
  }
  return "";
}

static bool begins(llvm::StringRef bytes, llvm::StringRef mark) {
  return bytes.size() >= mark.size() && llvm::all_of(llvm::zip(bytes.take_front(mark.size()), mark), [](const auto &pair) {
           return std::get<1>(pair) == '?' || std::get<0>(pair) == std::get<1>(pair);
         });
}

static std::string textOf(llvm::StringRef bytes) {
  constexpr size_t longest = 64;
  bytes.consume_front("\xef\xbb\xbf");
  return bytes.ltrim().take_front(longest).lower();
}

static bool fits(const Kind &kind, llvm::StringRef bytes, llvm::StringRef text) {
  switch (kind.at) {
  case At::byte:
    return bytes.size() >= kind.offset && begins(bytes.drop_front(kind.offset), kind.mark);
  case At::end:
    return bytes.ends_with(kind.mark);
  case At::text:
    return text.starts_with(kind.mark);
  }
  return false;
}

llvm::Error tool::refuseForeign(llvm::StringRef bytes, llvm::StringRef path) {
  constexpr size_t shown = 24;
  std::string text = textOf(bytes);
  const auto *kind = llvm::find_if(kinds, [&](const Kind &each) { return fits(each, bytes, text); });
  if (kind != std::end(kinds))
    return badInput(quotedName(path) + " is " + kind->what, adviceText(kind->advice, path));
  if (path.ends_with_insensitive(".onnx")) // the format has no mark of its own, so other beginnings are as good
    return badInput(quotedName(path) + " is an ONNX file by its name", adviceText(Advice::network, path));
  return badInput(quotedName(path) + " is not a safetensors file, nor one of PyTorch, or is damaged: its " +
                  counted(bytes.size(), "byte") + (bytes.size() == 1 ? " is `" : " begin with `") +
                  printable(bytes.take_front(shown)) + "`");
}

llvm::Error tool::refuseForeignArchive(llvm::ArrayRef<llvm::StringRef> members, llvm::StringRef path) {
  for (const Archive &archive : archives)
    if (llvm::any_of(members, [&](llvm::StringRef member) { return member.ends_with(archive.ending); }))
      return badInput(quotedName(path) + " is " + archive.what, adviceText(archive.advice, path));
  return badInput(quotedName(path) + " is a zip archive, but none of torch.save: it has no member `NAME/data.pkl`",
                  adviceText(Advice::again, path));
}
