/*
 * A Vulkan driver around Mesa's: passes everything through, and does three things that `isa` needs.
 *
 * 1. Completes RADV's null winsys (RADV_FORCE_FAMILY=navi31, ...). Mesa 25.0's has no functions for command streams, so
 *    vkBeginCommandBuffer jumps to address 0 as soon as Dawn opens a device. With them Dawn compiles, encodes and submits.
 * 2. NULLGPU_WAVE=n makes n the subgroup size of compute pipelines, whatever Dawn asks for. NULLGPU_VERBOSE=1 prints what
 *    it asked for.
 * 3. NULLGPU_SPIRV=DIR keeps the SPIR-V of each shader as DIR/1.spv, 2.spv, ..., and prints their names.
 *
 * Nothing is ever executed, and nothing can be read back. NULLGPU_DRIVER is the path of Mesa's driver.
 * native/setup.sh builds it: gcc -O2 -shared -fPIC -o libnullgpu.so nullgpu.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vulkan/vulkan.h>

typedef void (*Fn)(void);
static Fn (*instance_proc)(void *, const char *);
static Fn (*physical_device_proc)(void *, const char *);
static int (*negotiate)(uint32_t *);
static PFN_vkEnumeratePhysicalDevices enumerate_devices;
static PFN_vkGetDeviceProcAddr device_proc;
static PFN_vkCreateShaderModule create_module;
static PFN_vkCreateComputePipelines create_compute;

/* 1. The null winsys: a table of function pointers that hangs off the physical device, some of them empty. */

/* The head of a command stream, as drivers fill it in. */
struct stream {
  uint64_t words, room, reserved;
  uint32_t *buffer;
};

static void stream_reset(struct stream *s) {
  s->words = 0;
  s->reserved = 0;
}

static void stream_grow(struct stream *s, size_t more) {
  uint64_t room = s->room * 2 > s->words + more ? s->room * 2 : s->words + more + 64;
  s->buffer = realloc(s->buffer, room * 4);
  s->room = room;
}

static uintptr_t zero(void) { return 0; }
static uintptr_t one(void) { return 1; }

/* Places in the table of Mesa 25.0. */
enum {
  GET_NAME = 4,
  QUERY_VALUE = 2,
  BUFFER_METADATA = 14, /* 14 to 16: set, get, sparse binding */
  CONTEXT_WAIT_IDLE = 20, /* and 21: a context's state */
  STREAM_RESET = 25, /* 26, 27: unmap, finalize */
  STREAM_GROW = 29,
  STREAM_SUBMIT = 30, /* 31 to 36: add a buffer, execute, dump, annotate */
  TABLE = 42,
};

static int readable(const void *from, void *to, size_t bytes) {
  struct iovec local = {to, bytes}, remote = {(void *)from, bytes};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)bytes;
}

static int in_library(void *function, const void *base) {
  Dl_info info;
  return function && dladdr(function, &info) && info.dli_fbase == base;
}

/* Looks for the table: a pointer to pointers into the driver's code, one of which says "Null hardware". */
static void complete(void *physical_device) {
  Dl_info driver;
  if (!getenv("RADV_FORCE_FAMILY") || !dladdr((void *)instance_proc, &driver)) return;
  for (size_t at = 0; at < 1 << 16; at += 8) {
    static const int filled[] = {0, 1, GET_NAME, 23, 40, 41};
    void **table, *copy[TABLE];
    if (!readable((char *)physical_device + at, &table, 8)) break;
    if (!table || ((uintptr_t)table & 7) || !readable(table, copy, sizeof copy)) continue;
    size_t found = 0;
    while (found < 6 && in_library(copy[filled[found]], driver.dli_fbase)) found++;
    if (found < 6) continue;
    const char *name = ((const char *(*)(void *))copy[GET_NAME])(table);
    if (!name || strcmp(name, "Null hardware")) continue;
    const struct { int from, to; void *function; } missing[] = {
      {QUERY_VALUE, QUERY_VALUE, zero},
      {BUFFER_METADATA, BUFFER_METADATA + 2, zero},
      {CONTEXT_WAIT_IDLE, CONTEXT_WAIT_IDLE, one},
      {CONTEXT_WAIT_IDLE + 1, CONTEXT_WAIT_IDLE + 1, zero},
      {STREAM_RESET, STREAM_RESET, stream_reset},
      {STREAM_RESET + 1, STREAM_RESET + 2, zero},
      {STREAM_GROW, STREAM_GROW, stream_grow},
      {STREAM_SUBMIT, STREAM_SUBMIT + 6, zero},
    };
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
      for (int place = missing[i].from; place <= missing[i].to; place++)
        if (!table[place]) table[place] = missing[i].function;
    return;
  }
  fprintf(stderr, "nullgpu: no null winsys found: is this Mesa 25.0?\n");
}

static VkResult enumerate(VkInstance instance, uint32_t *count, VkPhysicalDevice *devices) {
  VkResult result = enumerate_devices(instance, count, devices);
  if (devices && result >= 0)
    for (uint32_t i = 0; i < *count; i++) complete(devices[i]);
  return result;
}

/* 2. and 3. Shaders and compute pipelines. */

static void keep(const uint32_t *code, size_t bytes) {
  static int number;
  const char *folder = getenv("NULLGPU_SPIRV");
  if (!folder) return;
  char path[4096];
  snprintf(path, sizeof path, "%s/%d.spv", folder, __sync_add_and_fetch(&number, 1));
  FILE *file = fopen(path, "wb");
  if (!file) return;
  fwrite(code, 1, bytes, file);
  fclose(file);
  fprintf(stderr, "\nnullgpu: spirv %s\n", path);
}

static VkResult module(VkDevice device, const VkShaderModuleCreateInfo *info, const VkAllocationCallbacks *a, VkShaderModule *out) {
  keep(info->pCode, info->codeSize);
  return create_module(device, info, a, out);
}

typedef VkPipelineShaderStageRequiredSubgroupSizeCreateInfo SubgroupSize;

static VkResult compute(VkDevice device, VkPipelineCache cache, uint32_t count, const VkComputePipelineCreateInfo *infos,
                        const VkAllocationCallbacks *a, VkPipeline *out) {
  enum { MOST = 16 };
  VkComputePipelineCreateInfo copies[MOST];
  SubgroupSize sizes[MOST];
  const uint32_t wave = getenv("NULLGPU_WAVE") ? atoi(getenv("NULLGPU_WAVE")) : 0;
  if (count > MOST) return create_compute(device, cache, count, infos, a, out);
  for (uint32_t i = 0; i < count; i++) {
    copies[i] = infos[i];
    uint32_t asked = 0;
    for (const VkBaseInStructure *s = infos[i].stage.pNext; s; s = s->pNext) {
      if (s->sType == VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO) {
        const VkShaderModuleCreateInfo *shader = (const void *)s;
        keep(shader->pCode, shader->codeSize);
      }
      if (s->sType == VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO) {
        SubgroupSize *size = (void *)s;
        asked = size->requiredSubgroupSize;
        if (wave) size->requiredSubgroupSize = wave;
      }
    }
    if (wave && !asked) {
      sizes[i] = (SubgroupSize){VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
                                (void *)infos[i].stage.pNext, wave};
      copies[i].stage.pNext = &sizes[i];
    }
    if (getenv("NULLGPU_VERBOSE")) fprintf(stderr, "\nnullgpu: asked for subgroup size %u\n", asked);
  }
  return create_compute(device, cache, count, copies, a, out);
}

static Fn of_device(VkDevice device, const char *name) {
  Fn f = (Fn)device_proc(device, name);
  if (f && !strcmp(name, "vkCreateShaderModule")) {
    create_module = (void *)f;
    return (Fn)module;
  }
  if (f && !strcmp(name, "vkCreateComputePipelines")) {
    create_compute = (void *)f;
    return (Fn)compute;
  }
  return f;
}

/* What Vulkan's loader asks a driver for. */

static void load(void) {
  if (instance_proc) return;
  const char *path = getenv("NULLGPU_DRIVER");
  void *driver = dlopen(path ? path : "libvulkan_radeon.so", RTLD_NOW | RTLD_LOCAL);
  if (!driver) {
    fprintf(stderr, "nullgpu: %s\n", dlerror());
    abort();
  }
  instance_proc = (void *)dlsym(driver, "vk_icdGetInstanceProcAddr");
  physical_device_proc = (void *)dlsym(driver, "vk_icdGetPhysicalDeviceProcAddr");
  negotiate = (void *)dlsym(driver, "vk_icdNegotiateLoaderICDInterfaceVersion");
}

int vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  load();
  return negotiate(version);
}

Fn vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  load();
  return physical_device_proc ? physical_device_proc(instance, name) : NULL;
}

Fn vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  load();
  Fn f = instance_proc(instance, name);
  if (f && !strcmp(name, "vkEnumeratePhysicalDevices")) {
    enumerate_devices = (void *)f;
    return (Fn)enumerate;
  }
  if (f && !strcmp(name, "vkGetDeviceProcAddr")) {
    device_proc = (void *)f;
    return (Fn)of_device;
  }
  return f;
}
