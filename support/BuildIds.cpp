// Read from the notes of what is mapped, so a file that was replaced since this process began does not deceive it.
#include "support/BuildIds.h"

#include <cstdint>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <string_view>

/// The build id among a segment's notes; empty if it is not there.
static std::string_view buildIdIn(const char *at, size_t bytes, size_t alignment) {
  auto padded = [&](size_t size) { return (size + alignment - 1) / alignment * alignment; };
  Elf64_Nhdr note;
  while (bytes >= sizeof note) {
    std::memcpy(&note, at, sizeof note);
    size_t name = sizeof note, description = padded(name + note.n_namesz), end = description + note.n_descsz;
    if (end > bytes)
      break;
    if (note.n_type == NT_GNU_BUILD_ID && std::string_view(at + name, note.n_namesz) == std::string_view("GNU", 4))
      return {at + description, note.n_descsz};
    size_t step = padded(end);
    if (step > bytes)
      break;
    at += step;
    bytes -= step;
  }
  return {};
}

static std::string_view buildIdOf(const dl_phdr_info &object) {
  for (size_t i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = object.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE)
      continue;
    auto *notes = reinterpret_cast<const char *>(object.dlpi_addr + segment.p_vaddr);
    if (std::string_view id = buildIdIn(notes, segment.p_memsz, segment.p_align == 8 ? 8 : 4); !id.empty())
      return id;
  }
  return {};
}

std::string skip::buildIds() {
  struct {
    std::string ids;
    bool all = true;
  } found;
  auto add = [](dl_phdr_info *object, size_t, void *result) {
    auto *into = static_cast<decltype(found) *>(result);
    if (std::string_view(object->dlpi_name).starts_with("linux-vdso")) // the kernel's
      return 0;
    std::string_view id = buildIdOf(*object);
    into->all &= !id.empty();
    into->ids += id;
    return 0;
  };
  dl_iterate_phdr(add, &found);
  return found.all ? found.ids : std::string();
}
