// The kernels of nvcc80.ptx and nvcc90.ptx, which are what this gives, without comments:
//   nvcc -std=c++17 -arch=sm_80 -ptx kernels.cu, and -arch=sm_90a
#include <cuda_bf16.h>
#include <cuda_fp16.h>

extern "C" __global__ void __launch_bounds__(256)
    sgemm(int m, int n, int k, const float *__restrict__ a, const float *__restrict__ b, float *c) {
  __shared__ float tileA[8][128], tileB[8][128];
  int t = threadIdx.x, column = t % 16, row = t / 16, firstRow = blockIdx.y * 128, firstColumn = blockIdx.x * 128;
  float sums[8][8] = {};
  for (int depth = 0; depth < k; depth += 8) {
    int aRow = t / 2, aDepth = t % 2 * 4, bDepth = t / 32, bColumn = t % 32 * 4;
    float4 four = *(const float4 *)&a[(size_t)(firstRow + aRow) * k + depth + aDepth];
    tileA[aDepth][aRow] = four.x;
    tileA[aDepth + 1][aRow] = four.y;
    tileA[aDepth + 2][aRow] = four.z;
    tileA[aDepth + 3][aRow] = four.w;
    *(float4 *)&tileB[bDepth][bColumn] = *(const float4 *)&b[(size_t)(depth + bDepth) * n + firstColumn + bColumn];
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 8; ++i)
      for (int y = 0; y < 8; ++y)
        for (int x = 0; x < 8; ++x)
          sums[y][x] += tileA[i][row * 8 + y] * tileB[i][column * 8 + x];
    __syncthreads();
  }
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; x += 4)
      *(float4 *)&c[(size_t)(firstRow + row * 8 + y) * n + firstColumn + column * 8 + x] =
          make_float4(sums[y][x], sums[y][x + 1], sums[y][x + 2], sums[y][x + 3]);
}

// One warp a row.
extern "C" __global__ void softmax(const float *x, float *y, int n) {
  const float *row = x + blockIdx.x * n;
  float most = -INFINITY, sum = 0;
  for (int i = threadIdx.x; i < n; i += 32)
    most = fmaxf(most, row[i]);
  for (int o = 16; o; o >>= 1)
    most = fmaxf(most, __shfl_xor_sync(~0u, most, o));
  for (int i = threadIdx.x; i < n; i += 32)
    sum += exp2f((row[i] - most) * 1.4426950408889634f);
  for (int o = 16; o; o >>= 1)
    sum += __shfl_xor_sync(~0u, sum, o);
  for (int i = threadIdx.x; i < n; i += 32)
    y[blockIdx.x * n + i] = exp2f((row[i] - most) * 1.4426950408889634f) / sum;
}

__device__ unsigned ticket;

// The last block adds up what all blocks left.
extern "C" __global__ void reduce(const float *x, float *part, float *out, int n) {
  __shared__ float sums[256];
  __shared__ bool isLast;
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    sum += x[i];
  sums[threadIdx.x] = sum;
  __syncthreads();
  for (int o = 128; o; o >>= 1) {
    if (threadIdx.x < o)
      sums[threadIdx.x] += sums[threadIdx.x + o];
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    part[blockIdx.x] = sums[0];
    __threadfence();
    isLast = atomicAdd(&ticket, 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!isLast || threadIdx.x != 0)
    return;
  __threadfence();
  float total = 0;
  for (int i = 0; i < gridDim.x; ++i)
    total += ((volatile float *)part)[i];
  *out = total;
  ticket = 0;
}

// Products of pairs in sixteen bits.
extern "C" __global__ void halves(const __half2 *a, const __nv_bfloat162 *b, __half2 *c, __nv_bfloat162 *d, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  c[i] = __hfma2(a[i], a[i], __hmax2(a[i], c[i]));
  d[i] = __hfma2_relu(b[i], b[i], d[i]);
}

__device__ __noinline__ int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

// Local memory: digits of n, backwards.
__device__ __noinline__ int reversed(int n) {
  int digits[12], count = 0, value = 0;
  for (; n; n /= 10)
    digits[count++] = n % 10;
  for (int i = 0; i < count; ++i)
    value = value * 10 + digits[i];
  return value;
}

__constant__ int table[4] = {1, 2, 3, 4};

extern "C" __global__ void control(int *out, double *real, long long *whole) {
  int i = threadIdx.x, x = fibonacci(i % 8) + table[i & 3];
  switch (i % 6) {
  case 0:
    x += 5;
    break;
  case 1:
    x *= 3;
    break;
  case 2:
    x ^= 9;
    break;
  case 3:
    x -= 77;
    break;
  case 4:
    x = reversed(i * 37);
    break;
  default:
    x = ~x;
  }
  real[i] = (real[i] * real[i] + 1) / sqrt(real[i] + 2);
  whole[i] = whole[i] / (i + 1) % 7;
  out[i] = x + __popc(__ballot_sync(~0u, i & 1)) + __reduce_add_sync(~0u, i) + __clz(i) + __ffs(i) + __brev(i);
}

#if __CUDA_ARCH__ >= 900
#include <cooperative_groups.h>
#include <cuda/ptx>

// A bulk copy in, one more, a bulk copy out.
extern "C" __global__ void bulk(const int *in, int *out) {
  namespace ptx = cuda::ptx;
  __shared__ alignas(128) int tile[1024];
  __shared__ uint64_t bar;
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&bar, 1);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, tile, in, sizeof tile, &bar);
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &bar, sizeof tile);
  }
  while (!ptx::mbarrier_try_wait_parity(&bar, 0)) {
  }
  for (int i = threadIdx.x; i < 1024; i += blockDim.x)
    tile[i] += 1;
  ptx::fence_proxy_async(ptx::space_shared);
  __syncthreads();
  if (threadIdx.x == 0) {
    ptx::cp_async_bulk(ptx::space_global, ptx::space_shared, out, tile, sizeof tile);
    ptx::cp_async_bulk_commit_group();
    ptx::cp_async_bulk_wait_group_read(ptx::n32_t<0>());
  }
}

// The other block's shared memory.
extern "C" __global__ void __cluster_dims__(2, 1, 1) exchange(const int *in, int *out) {
  __shared__ int own[64];
  auto cluster = cooperative_groups::this_cluster();
  own[threadIdx.x] = in[blockIdx.x * 64 + threadIdx.x];
  cluster.sync();
  out[blockIdx.x * 64 + threadIdx.x] = cluster.map_shared_rank(own, cluster.block_rank() ^ 1)[63 - threadIdx.x];
  cluster.sync();
}
#endif
