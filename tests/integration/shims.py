# SPDX-License-Identifier: MIT
"""Libraries for LD_PRELOAD that make a node's system, or the node itself, behave as it should not."""
import subprocess


def shim(folder, name, code):
    """Compiles C code; returns the library."""
    source = folder / f"{name}.c"
    source.write_text("#define _GNU_SOURCE\n#include <dlfcn.h>\n" + code)
    library = source.with_suffix(".so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True, timeout=60)
    return library


def wrong_clock(folder):
    """Sets a process's wall clock ten minutes ahead."""
    return shim(folder, "clock", r"""
#include <time.h>
int clock_gettime(clockid_t id, struct timespec* t) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(id, t);
  if (id == CLOCK_REALTIME) t->tv_sec += 600;
  return result;
}
""")


ENDLESS = "sign this for ever"


def endless_signature(folder):
    """Whoever signs a text that holds ENDLESS never returns: an actor that hangs in the middle of a message."""
    return shim(folder, "signature", r"""
#include <string.h>
#include <unistd.h>
typedef unsigned long long length;
int crypto_sign_detached(unsigned char* signature, length* written, const unsigned char* text, length size, const unsigned char* key) {
  static int (*real)(unsigned char*, length*, const unsigned char*, length, const unsigned char*);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "crypto_sign_detached");
  if (memmem(text, size, "%s", strlen("%s"))) for (;;) pause();
  return real(signature, written, text, size, key);
}
""".replace("%s", ENDLESS))
