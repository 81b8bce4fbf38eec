// The archive is read from its end, as the format has it: the end record leads to the directory, the directory to the members.
// Each member has a second header before its bytes; torch.save leaves sizes and checksum there zero, so that only its length
// counts, and its name, which must be the same.
#include "tools/weights/pytorch/Zip.h"

#include "tools/text/Failure.h"
#include "tools/text/Wrap.h"
#include "tools/weights/pytorch/Value.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Endian.h"

#include <algorithm>

#include <zlib.h>

using namespace skip;
using pytorch::Zip;

static constexpr uint64_t endBytes = 22, wideEndBytes = 56, locatorBytes = 20, entryBytes = 46, localBytes = 30;
static constexpr uint32_t endMark = 0x06054b50, wideEndMark = 0x06064b50, locatorMark = 0x07064b50, entryMark = 0x02014b50,
                          localMark = 0x04034b50;
static constexpr uint16_t stored = 0, deflated = 8;
static constexpr size_t mostMembers = 1 << 20;

static uint16_t half(llvm::StringRef file, uint64_t at) { return llvm::support::endian::read16le(file.data() + at); }
static uint32_t word(llvm::StringRef file, uint64_t at) { return llvm::support::endian::read32le(file.data() + at); }
static uint64_t wide(llvm::StringRef file, uint64_t at) { return llvm::support::endian::read64le(file.data() + at); }

llvm::Error Zip::fail(const llvm::Twine &where, const llvm::Twine &what) const {
  return tool::badInput("`" + path + "` is a broken PyTorch file: " + where + ": " + what +
                        "; copy or download the file again, or save it again with torch.save");
}

static std::string byteAt(uint64_t at) { return "byte " + std::to_string(at); }

static std::string memberText(const Zip::Member &member) { return "member `" + pytorch::shown(member.name) + "`"; }

llvm::Expected<Zip> Zip::open(llvm::StringRef file, llvm::StringRef path) {
  Zip zip;
  zip.file = file;
  zip.path = path.str();
  llvm::Expected<Directory> directory = zip.findDirectory();
  if (!directory)
    return directory.takeError();
  if (llvm::Error error = zip.readDirectory(*directory))
    return error;
  return zip;
}

/// Of a file that does not end with an end record.
std::string Zip::missingEnd() const {
  constexpr size_t searched = 1 << 17; // not all of a file of gigabytes
  llvm::StringRef last = file.take_back(searched);
  size_t found = last.rfind(llvm::StringRef("PK\5\6", 4)), at = file.size() - last.size() + found;
  if (found == llvm::StringRef::npos || file.size() - at < endBytes || at + endBytes + half(file, at + 20) > file.size())
    return "no end record of a zip archive is there, so the file is cut short";
  return tool::counted(file.size() - at - endBytes - half(file, at + 20), "byte") +
         " beyond the archive's end record at byte " + std::to_string(at);
}

/// The end record is the last thing in the file but for a comment, whose length it has.
llvm::Expected<Zip::Directory> Zip::findDirectory() const {
  if (file.size() < endBytes)
    return fail("its end", "a zip archive ends with a record of 22 bytes, the file has " + llvm::Twine(file.size()));
  uint64_t last = file.size() - endBytes, first = last > 0xffff ? last - 0xffff : 0, end = last + 1;
  for (uint64_t at = last + 1; at-- > first;)
    if (word(file, at) == endMark && at + endBytes + half(file, at + 20) == file.size()) {
      end = at;
      break;
    }
  if (end > last)
    return fail("its end", missingEnd());
  Directory directory{.begin = word(file, end + 16), .bytes = word(file, end + 12), .entries = half(file, end + 10)};
  bool several = half(file, end + 4) != 0 || half(file, end + 6) != 0 || half(file, end + 8) != half(file, end + 10);
  if (end >= locatorBytes && word(file, end - locatorBytes) == locatorMark) {
    if (llvm::Error error = readWide(end - locatorBytes, directory))
      return error;
    end -= locatorBytes;
  } else if (several) {
    return fail(byteAt(end), "an archive of several disks, which torch.save never writes");
  }
  if (directory.begin > end || directory.bytes > end - directory.begin)
    return fail(byteAt(end), "its directory of " + llvm::Twine(directory.bytes) + " bytes at byte " +
                                 llvm::Twine(directory.begin) + " does not lie in the file");
  if (directory.entries > mostMembers || directory.entries > directory.bytes / entryBytes)
    return fail(byteAt(end), llvm::Twine(directory.entries) + " members, more than its directory of " +
                                 llvm::Twine(directory.bytes) + " bytes can hold, or than 2^20");
  return directory;
}

/// The end record of archives beyond 4 GB, to which the locator at `locator` leads.
llvm::Error Zip::readWide(uint64_t locator, Directory &directory) const {
  uint64_t at = wide(file, locator + 8);
  if (word(file, locator + 4) != 0 || word(file, locator + 16) > 1)
    return fail(byteAt(locator), "an archive of several disks, which torch.save never writes");
  if (locator < wideEndBytes || at > locator - wideEndBytes || word(file, at) != wideEndMark)
    return fail(byteAt(locator), "no zip64 end record is at byte " + llvm::Twine(at));
  if (word(file, at + 16) != 0 || word(file, at + 20) != 0 || wide(file, at + 24) != wide(file, at + 32))
    return fail(byteAt(at), "an archive of several disks, which torch.save never writes");
  directory = {.begin = wide(file, at + 48), .bytes = wide(file, at + 40), .entries = wide(file, at + 32)};
  return llvm::Error::success();
}

llvm::Error Zip::readDirectory(const Directory &directory) {
  directoryBegin = directory.begin;
  uint64_t at = directory.begin, end = directory.begin + directory.bytes;
  for (uint64_t i = 0; i < directory.entries; ++i)
    if (llvm::Error error = readEntry(at, end))
      return error;
  return llvm::Error::success();
}

llvm::Error Zip::readEntry(uint64_t &at, uint64_t end) {
  uint64_t begin = at;
  if (end - begin < entryBytes || word(file, begin) != entryMark)
    return fail(byteAt(begin), "no entry of the directory is there");
  uint64_t nameBytes = half(file, begin + 28), extraBytes = half(file, begin + 30), commentBytes = half(file, begin + 32);
  if (end - begin - entryBytes < nameBytes + extraBytes + commentBytes)
    return fail(byteAt(begin), "an entry of the directory reaches beyond its end");
  Member member;
  member.name = file.substr(begin + entryBytes, nameBytes);
  member.flags = half(file, begin + 8);
  member.method = half(file, begin + 10);
  member.checksum = word(file, begin + 16);
  member.packedBytes = word(file, begin + 20);
  member.bytes = word(file, begin + 24);
  member.header = word(file, begin + 42);
  if (llvm::Error error = readWideSizes(member, file.substr(begin + entryBytes + nameBytes, extraBytes), begin))
    return error;
  if (llvm::Error error = refuseMember(member, begin))
    return error;
  if (!byName.try_emplace(member.name, table.size()).second)
    return fail(byteAt(begin), "two members are called `" + shown(member.name) + "`");
  table.push_back(std::move(member));
  at = begin + entryBytes + nameBytes + extraBytes + commentBytes;
  return llvm::Error::success();
}

/// Each of the three numbers that does not fit 32 bits stands in the extra field 1, in this order.
llvm::Error Zip::readWideSizes(Member &member, llvm::StringRef extra, uint64_t at) const {
  constexpr uint64_t elsewhere = 0xffffffff;
  uint64_t *const numbers[] = {&member.bytes, &member.packedBytes, &member.header};
  while (extra.size() >= 4) {
    uint64_t bytes = half(extra, 2);
    if (extra.size() - 4 < bytes)
      return fail(byteAt(at), "an extra field of " + memberText(member) + " reaches beyond its end");
    llvm::StringRef field = extra.substr(4, bytes);
    bool sizes = half(extra, 0) == 1;
    extra = extra.drop_front(4 + bytes);
    for (uint64_t *number : numbers)
      if (sizes && *number == elsewhere && field.size() >= 8) {
        *number = wide(field, 0);
        field = field.drop_front(8);
      }
    if (sizes)
      break;
  }
  return llvm::Error::success();
}

llvm::Error Zip::refuseMember(const Member &member, uint64_t at) const {
  if (member.flags & 0x2041)
    return fail(byteAt(at), memberText(member) + " is encrypted, which torch.save never does");
  if (member.method != stored && member.method != deflated)
    return fail(byteAt(at), memberText(member) + " is packed by method " + llvm::Twine(member.method) +
                                "; stored (0) and deflated (8) can be read");
  if (member.method == stored && member.packedBytes != member.bytes)
    return fail(byteAt(at), memberText(member) + " is stored, but takes " + llvm::Twine(member.packedBytes) + " bytes for " +
                                llvm::Twine(member.bytes));
  return llvm::Error::success();
}

llvm::Expected<llvm::StringRef> Zip::packed(const Member &member) const {
  uint64_t at = member.header;
  if (directoryBegin < localBytes || at > directoryBegin - localBytes || word(file, at) != localMark)
    return fail(memberText(member), "its header is not at byte " + llvm::Twine(at) + ", where the directory has it");
  uint64_t nameBytes = half(file, at + 26), extraBytes = half(file, at + 28), room = directoryBegin - at - localBytes;
  if (nameBytes + extraBytes > room || member.packedBytes > room - nameBytes - extraBytes)
    return fail(memberText(member), "its " + llvm::Twine(member.packedBytes) + " bytes from byte " + llvm::Twine(at) +
                                        " on reach beyond the directory at byte " + llvm::Twine(directoryBegin));
  if (file.substr(at + localBytes, nameBytes) != member.name)
    return fail(memberText(member), "it has another name at byte " + llvm::Twine(at) + ": `" +
                                        shown(file.substr(at + localBytes, nameBytes)) + "`");
  return file.substr(at + localBytes + nameBytes + extraBytes, member.packedBytes);
}

llvm::Error Zip::inflateMember(Member &member, llvm::StringRef from) {
  uint64_t most = mostGrowth * file.size() + freeGrowth;
  if (member.bytes > most - inflatedTotal)
    return fail(memberText(member), "inflated it would take " + llvm::Twine(member.bytes) +
                                        " bytes; all members together may take " + llvm::Twine(mostGrowth) +
                                        " times the file's size");
  std::string to(member.bytes + 1, '\0'); // one byte more, so that a member that lies about its size is seen
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return tool::internalError("weights", "zlib cannot start");
  auto release = llvm::scope_exit([&] { inflateEnd(&stream); });
  constexpr uint64_t chunk = 1 << 30;
  uint64_t read = 0, written = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    uint64_t in = std::min<uint64_t>(chunk, from.size() - read), out = std::min<uint64_t>(chunk, to.size() - written);
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(from.data() + read));
    stream.next_out = reinterpret_cast<Bytef *>(to.data() + written);
    stream.avail_in = static_cast<uInt>(in);
    stream.avail_out = static_cast<uInt>(out);
    status = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
  }
  if (status != Z_STREAM_END || read != from.size() || written != member.bytes)
    return fail(memberText(member), "its deflated bytes are broken, or are not the " + llvm::Twine(member.bytes) +
                                        " bytes that the directory tells");
  to.pop_back();
  inflatedTotal += member.bytes;
  member.inflated = std::move(to);
  return llvm::Error::success();
}

static uint32_t checksum(llvm::StringRef bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()));
}

llvm::Expected<llvm::StringRef> Zip::read(llvm::StringRef name) {
  auto found = byName.find(name);
  if (found == byName.end())
    return fail("its directory", "there is no member `" + shown(name) + "`");
  Member &member = table[found->second];
  llvm::Expected<llvm::StringRef> bytes = packed(member);
  if (!bytes || (member.method == deflated && !member.inflated.empty()))
    return bytes ? llvm::Expected<llvm::StringRef>(member.inflated) : std::move(bytes);
  if (member.method == deflated) {
    if (llvm::Error error = inflateMember(member, *bytes))
      return error;
    bytes = member.inflated;
  }
  if (checksum(*bytes) != member.checksum)
    return fail(memberText(member),
                "its bytes do not have the checksum that the directory tells (a file that was written after "
                "torch.serialization.set_crc32_options(False) has none)");
  return bytes;
}
