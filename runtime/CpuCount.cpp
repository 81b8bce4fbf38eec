// Reads the affinity mask and the cgroup quota: `cpu.max` (version 2) or `cpu.cfs_quota_us` (version 1).
#include "runtime/CpuCount.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace skip::runtime {

/// Reads at most `capacity - 1` bytes of a small file as text; false when it cannot be read.
static bool readText(const char *path, char *text, size_t capacity) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return false;
  size_t used = 0;
  for (ssize_t got; used < capacity - 1 && (got = read(descriptor, text + used, capacity - 1 - used)) > 0;)
    used += static_cast<size_t>(got);
  close(descriptor);
  text[used] = '\0';
  return used > 0;
}

static int32_t wholeCpus(long long quota, long long period) {
  if (quota <= 0 || period <= 0 || quota / period >= INT32_MAX)
    return 0;
  return static_cast<int32_t>(quota / period + (quota % period != 0));
}

/// The quota of the cgroup in `folder` alone.
static int32_t quotaIn(const char *folder) {
  char path[4352], text[64], period[64];
  long long quota = 0, length = 0;
  snprintf(path, sizeof(path), "%s/cpu.max", folder);
  if (readText(path, text, sizeof(text)))
    return sscanf(text, "%lld %lld", &quota, &length) == 2 ? wholeCpus(quota, length) : 0; // `max 100000`: none
  snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", folder);
  if (!readText(path, text, sizeof(text)))
    return 0;
  snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", folder);
  return readText(path, period, sizeof(period)) ? wholeCpus(atoll(text), atoll(period)) : 0;
}

static int32_t smaller(int32_t a, int32_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

/// The smallest quota from `mount`/`group` up to `mount`. In a container the group may not exist there, its ancestors do.
static int32_t quotaUpwards(const char *mount, const char *group) {
  char folder[4200];
  int length = snprintf(folder, sizeof(folder), "%s%s", mount, group);
  if (length < 0 || static_cast<size_t>(length) >= sizeof(folder))
    return 0;
  size_t mountLength = strlen(mount);
  int32_t quota = quotaIn(folder);
  while (char *slash = strlen(folder) > mountLength ? strrchr(folder + mountLength, '/') : nullptr) {
    *slash = '\0';
    quota = smaller(quota, quotaIn(folder));
  }
  return quota;
}

/// Whether the comma-separated `controllers` hold `cpu`.
static bool controlsCpu(const char *controllers) {
  for (const char *at = controllers; at; at = strchr(at, ',')) {
    at += *at == ',';
    if (strncmp(at, "cpu", 3) == 0 && (at[3] == ',' || at[3] == '\0'))
      return true;
  }
  return false;
}

int32_t cgroupQuota(const char *membership, const char *mount) {
  char text[8192], folder[4200];
  if (!readText(membership, text, sizeof(text)))
    return 0;
  int32_t quota = 0;
  for (char *line = text, *next; line && *line; line = next) { // `hierarchy:controllers:/group`
    next = strchr(line, '\n');
    if (next)
      *next++ = '\0';
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : nullptr;
    if (!group)
      continue;
    *group++ = '\0';
    ++controllers;
    if (*controllers == '\0') { // version 2; `unified` where both are mounted
      quota = smaller(quota, quotaUpwards(mount, group));
      snprintf(folder, sizeof(folder), "%s/unified", mount);
      quota = smaller(quota, quotaUpwards(folder, group));
    } else if (controlsCpu(controllers)) {
      snprintf(folder, sizeof(folder), "%s/%s", mount, controllers);
      quota = smaller(quota, quotaUpwards(folder, group));
      snprintf(folder, sizeof(folder), "%s/cpu", mount);
      quota = smaller(quota, quotaUpwards(folder, group));
    }
  }
  return quota;
}

static int32_t affinityCpus() {
  unsigned long mask[128] = {}; // 8192 CPUs
  if (sched_getaffinity(0, sizeof(mask), reinterpret_cast<cpu_set_t *>(mask)) != 0)
    return 1;
  int32_t count = 0;
  for (unsigned long word : mask)
    for (; word != 0; word &= word - 1)
      ++count;
  return count > 0 ? count : 1;
}

int32_t usableCpus() {
  int32_t cpus = affinityCpus();
  int32_t quota = cgroupQuota("/proc/self/cgroup", "/sys/fs/cgroup");
  return quota > 0 && quota < cpus ? quota : cpus;
}

} // namespace skip::runtime
