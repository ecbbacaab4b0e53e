/*
 * Stands for NVIDIA's library: the types and the rules of nvml.h for each call, as the compiler lays them out. What is called against the
 * rules (no start, a handle that is none of ours, a structure whose version is another, a pointer to too little) is refused as NVML
 * refuses it, so that a wrong layout shows as a figure that is missing or wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int nvmlReturn_t;
typedef struct nvmlDevice_st {
  char secret;
} *nvmlDevice_t;

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, INSUFFICIENT_SIZE = 7,
       DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15, ARGUMENT_VERSION_MISMATCH = 25, UNKNOWN = 999 };

typedef struct {
  char busIdLegacy[16];
  unsigned int domain, bus, device, pciDeviceId, pciSubSystemId;
  char busId[32];
} nvmlPciInfo_t;
typedef struct {
  unsigned int gpu, memory;
} nvmlUtilization_t;
typedef struct {
  unsigned long long total, free, used;
} nvmlMemory_t;
typedef struct {
  unsigned int version;
  unsigned long long total, reserved, free, used;
} nvmlMemory_v2_t;
typedef union {
  double dVal;
  unsigned int uiVal;
  unsigned long long ullVal;
} nvmlValue_t;
typedef enum { TYPE_DOUBLE, TYPE_UNSIGNED_INT } nvmlValueType_t;
typedef struct {
  unsigned int fieldId, scopeId;
  long long timestamp, latencyUsec;
  nvmlValueType_t valueType;
  nvmlReturn_t nvmlReturn;
  nvmlValue_t value;
} nvmlFieldValue_t;
typedef struct {
  unsigned int pid;
  unsigned long long usedGpuMemory;
  unsigned int gpuInstanceId, computeInstanceId;
} nvmlProcessInfo_t;

static struct nvmlDevice_st cards[3];
static int started;

static const char *mode(void) {
  const char *given = getenv("NVML_STUB");
  return given ? given : "";
}
static int is(const char *word) { return strcmp(mode(), word) == 0; }

#define CHECK(device) \
  if (!started) return UNINITIALIZED; \
  if ((device) < cards || (device) >= cards + 3) return INVALID_ARGUMENT

static nvmlReturn_t put(char *to, unsigned int room, const char *text) {
  if (room < strlen(text) + 1) return INSUFFICIENT_SIZE;
  memset(to, 'x', room);
  strcpy(to, text);
  return SUCCESS;
}

nvmlReturn_t nvmlInit_v2(void) {
  if (is("no driver")) return DRIVER_NOT_LOADED;
  started = 1;
  return SUCCESS;
}
const char *nvmlErrorString(nvmlReturn_t result) {
  return result == GPU_IS_LOST ? "GPU is lost" : result == DRIVER_NOT_LOADED ? "Driver Not Loaded" : "Another Error";
}
nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int length) { return put(version, length, "580.65.06"); }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) {
  if (!started) return UNINITIALIZED;
  *count = is("no card") ? 0 : 3;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
  if (!started) return UNINITIALIZED;
  if (index > 2) return INVALID_ARGUMENT;
  if (index == 1) return NO_PERMISSION;
  *device = &cards[index];
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length) {
  CHECK(device);
  return put(name, length, device == cards || is("alike") ? "NVIDIA H200" : "NVIDIA GeForce RTX 4090");
}
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned int length) {
  CHECK(device);
  return put(uuid, length, device == cards ? "GPU-aaaa0000-1111-2222-3333-444444444444" : "GPU-cccc0000-1111-2222-3333-444444444444");
}
nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *pci) {
  CHECK(device);
  memset(pci, 0xee, sizeof *pci);
  pci->pciDeviceId = device == cards ? 0x233510deu : 0x268410deu;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, unsigned int type, unsigned int *clock) {
  CHECK(device);
  if (type > 3) return INVALID_ARGUMENT;
  unsigned int clocks[] = {1111, 1980, 3201, 1333};
  *clock = clocks[type];
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, unsigned int sensor, unsigned int *celsius) {
  CHECK(device);
  if (sensor != 0) return INVALID_ARGUMENT;
  if (is("mute")) return NOT_SUPPORTED;
  *celsius = 47;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *milliwatts) {
  CHECK(device);
  *milliwatts = 123456;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *rates) {
  static int asked;
  CHECK(device);
  if (is("lost") && ++asked > 3) return GPU_IS_LOST;
  if (is("hangs") && ++asked > 3) for (;;) {}
  if (is("mute")) return NOT_SUPPORTED;
  rates->gpu = 93;
  rates->memory = 41;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
  CHECK(device);
  memory->total = 150000000000ull;
  memory->free = 90000000000ull;
  memory->used = 60000000000ull;
  return SUCCESS;
}

#ifndef OLD
nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
  CHECK(device);
  if (memory->version != (unsigned int)(sizeof *memory | 2u << 24)) return ARGUMENT_VERSION_MISMATCH;
  memory->total = 150754820096ull;
  memory->reserved = 500000000ull;
  memory->free = 100254820096ull;
  memory->used = 50000000000ull;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int count, nvmlFieldValue_t *values) {
  CHECK(device);
  for (int i = 0; i < count; i++) {
    values[i].timestamp = 1766000000000000ll;
    values[i].latencyUsec = 12;
    if (values[i].fieldId != 186 || values[i].scopeId != 0) {
      values[i].nvmlReturn = NOT_SUPPORTED;
      continue;
    }
    values[i].valueType = TYPE_UNSIGNED_INT;
    values[i].nvmlReturn = SUCCESS;
    values[i].value.uiVal = 612500;
  }
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t device, unsigned long long *reasons) {
  CHECK(device);
  *reasons = 0x4ull | 0x40ull | 0x800000000ull;
  return SUCCESS;
}
static nvmlReturn_t list(unsigned int *count, nvmlProcessInfo_t *infos, unsigned int first, unsigned int found) {
  unsigned int room = *count;
  *count = found;
  if (room < found) return INSUFFICIENT_SIZE;
  for (unsigned int i = 0; i < found; i++) {
    infos[i].pid = first + i;
    infos[i].usedGpuMemory = i == 1 ? (unsigned long long)-1 : 5000000000ull + i;
    infos[i].gpuInstanceId = infos[i].computeInstanceId = 0xffffffffu;
  }
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, nvmlProcessInfo_t *infos) {
  CHECK(device);
  return list(count, infos, 4000, is("crowded") ? 40 : 2);
}
nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, nvmlProcessInfo_t *infos) {
  CHECK(device);
  /* One that both computes and draws is in both lists. */
  return list(count, infos, 4001, 2);
}
#else
nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long *reasons) {
  CHECK(device);
  *reasons = 0x8ull;
  return SUCCESS;
}
#endif
