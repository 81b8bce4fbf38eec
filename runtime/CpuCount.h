// How many CPUs this process may use.
#pragma once

#include <stdint.h>

namespace skip::runtime {

/// The CPUs in the process's affinity mask, or fewer where a cgroup's quota (rounded up) is smaller; at least 1.
int32_t usableCpus();

/// The smallest CPU quota among the cgroups that `membership` (the format of /proc/self/cgroup) names and their ancestors, in
/// whole CPUs, rounded up; 0 when there is none. `mount` is where the cgroup file systems are, /sys/fs/cgroup.
int32_t cgroupQuota(const char *membership, const char *mount);

} // namespace skip::runtime
