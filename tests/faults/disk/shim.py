"""The shim is a library between a process and the disk that lets one call of it fail.

It is compiled by gcc and loaded by LD_PRELOAD; it counts the calls that write to, sync, or read
files whose path holds a text, and fails the one it is told to, or that one and all behind it, or
ends the process there; or it writes all of them down.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["EIO", "ENOSPC", "short", "part", "sync", "read", "kill"]
KINDS: Final[tuple[Kind, ...]] = ("EIO", "ENOSPC", "short", "part", "sync")
"""A write that fails, finds no room, or fails after half of it; one that writes half and says
so; or a sync that fails. Besides: a read that fails, and a write before which the process ends."""

SOURCE: Final = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long calls = 0;

static int ours(int fd) {
    const char *part = getenv("SHIM_PATH");
    char link[64], path[4096];
    if (!part) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return strstr(path, part) != NULL;
}

/* Count a call that writes 'w', syncs 's' or reads 'r'; say whether it is to fail. */
static int due(int fd, char what) {
    const char *kind = getenv("SHIM_KIND");
    if (!kind || (strcmp(kind, "sync") ? strcmp(kind, "read") ? 'w' : 'r' : 's') != what) return 0;
    if (!ours(fd)) return 0;
    long number = __sync_add_and_fetch(&calls, 1);
    const char *at = getenv("SHIM_AT"), *count = getenv("SHIM_COUNT");
    if (count) {
        FILE *f = fopen(count, "w");
        if (f) { fprintf(f, "%ld", number); fclose(f); }
    }
    if (!at || atol(at) < 1) return 0;
    if (getenv("SHIM_STAYS") ? number < atol(at) : number != atol(at)) return 0;
    if (!strcmp(kind, "kill")) raise(SIGKILL);
    return 1;
}

/* Write down a call: a head line, then the bytes. "w" a write, "s" a sync, "t" a new length,
   "n" a new name. */
static void record(char what, int fd, const void *data, size_t size, off_t at) {
    const char *log = getenv("SHIM_RECORD");
    char link[64], path[4096], head[4300];
    if (!log || !ours(fd)) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return;
    path[n] = 0;
    int out = open(log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    int m = snprintf(head, sizeof head, "%c %ld %zu %s\n", what, (long)at, data ? size : 0, path);
    struct iovec both[2] = {{head, (size_t)m}, {(void *)data, data ? size : 0}};
    if (writev(out, both, 2) < 0) abort();
    close(out);
}

static ssize_t failed(void) {
    errno = strcmp(getenv("SHIM_KIND"), "ENOSPC") == 0 ? ENOSPC : EIO;
    return -1;
}

#define REAL(name, type) static type real; if (!real) real = (type)dlsym(RTLD_NEXT, name)

typedef ssize_t (*pwrite_t)(int, const void *, size_t, off_t);
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) {
    REAL("pwrite64", pwrite_t);
    if (due(fd, 'w')) {
        if (!strcmp(getenv("SHIM_KIND"), "part")) return real(fd, data, (size + 1) / 2, at);
        if (strcmp(getenv("SHIM_KIND"), "short") || size < 2) return failed();
        real(fd, data, size / 2, at);
        return failed();
    }
    record('w', fd, data, size, at);
    return real(fd, data, size, at);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return pwrite64(fd, data, size, at);
}

typedef ssize_t (*write_t)(int, const void *, size_t);
ssize_t write(int fd, const void *data, size_t size) {
    REAL("write", write_t);
    record('w', fd, data, size, lseek(fd, 0, SEEK_CUR));
    if (!due(fd, 'w')) return real(fd, data, size);
    return strcmp(getenv("SHIM_KIND"), "part") ? failed() : real(fd, data, (size + 1) / 2);
}

typedef int (*sync_t)(int);
int fsync(int fd) {
    REAL("fsync", sync_t);
    record('s', fd, NULL, 0, 0);
    return due(fd, 's') ? (int)failed() : real(fd);
}
int fdatasync(int fd) {
    REAL("fdatasync", sync_t);
    record('s', fd, NULL, 0, 0);
    return due(fd, 's') ? (int)failed() : real(fd);
}

typedef int (*truncate_t)(int, off_t);
int ftruncate64(int fd, off_t size) {
    REAL("ftruncate64", truncate_t);
    record('t', fd, NULL, 0, size);
    const char *kind = getenv("SHIM_KIND");
    if (kind && !strcmp(kind, "part")) return real(fd, size); /* there is no half of it */
    return due(fd, 'w') ? (int)failed() : real(fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

typedef int (*rename_t)(const char *, const char *);
int rename(const char *from, const char *to) {
    REAL("rename", rename_t);
    const char *log = getenv("SHIM_RECORD"), *part = getenv("SHIM_PATH");
    if (log && part && strstr(from, part)) {
        char head[4300];
        int out = open(log, O_WRONLY | O_APPEND | O_CREAT, 0600);
        int m = snprintf(head, sizeof head, "n 0 %zu %s\n%s", strlen(to), from, to);
        if (write(out, head, (size_t)m) < 0) abort();
        close(out);
    }
    return real(from, to);
}

typedef ssize_t (*pread_t)(int, void *, size_t, off_t);
ssize_t pread64(int fd, void *data, size_t size, off_t at) {
    REAL("pread64", pread_t);
    return due(fd, 'r') ? failed() : real(fd, data, size, at);
}
ssize_t pread(int fd, void *data, size_t size, off_t at) { return pread64(fd, data, size, at); }

typedef ssize_t (*read_t)(int, void *, size_t);
ssize_t read(int fd, void *data, size_t size) {
    REAL("read", read_t);
    return due(fd, 'r') ? failed() : real(fd, data, size);
}
"""


def compiled(directory: Path) -> Path | None:
    """Return the library, or None where there is no compiler."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    source, made = directory / "shim.c", directory / "shim.so"
    source.write_text(SOURCE)
    run = [compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"]
    subprocess.run(run, check=True)
    return made


def recording(library: Path, path: Path, log: Path) -> dict[str, str]:
    """Return what makes every call about files of a database be written down in a log."""
    return os.environ | {
        "LD_PRELOAD": str(library),
        "SHIM_PATH": str(path),
        "SHIM_RECORD": str(log),
    }


def environment(  # noqa: PLR0913 - each says something else of the call
    library: Path, path: Path, kind: Kind, at: int, count: Path, *, stays: bool = False
) -> dict[str, str]:
    """Return what makes the ``at``-th call fail that is about files of a database.

    Args:
        library: what ``compiled`` returned.
        path: the database; what lies beside it counts too.
        kind: how the call fails.
        at: which call, from 1; 0 = none.
        count: where the number of calls is written.
        stays: whether all calls behind it fail as well.
    """
    more = {"SHIM_STAYS": "1"} if stays else {}
    return (
        os.environ
        | more
        | {
            "LD_PRELOAD": str(library),
            "SHIM_PATH": str(path),
            "SHIM_KIND": kind,
            "SHIM_AT": str(at),
            "SHIM_COUNT": str(count),
        }
    )
