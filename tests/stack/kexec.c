/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kexec KERNEL INITRD COMMAND-LINE: load a kernel and jump into it.
 * kexec -p KERNEL INITRD COMMAND-LINE: load it for when this one panics.  A page
 *     of this process has a mark, and " mark=ADDRESS" is added to COMMAND-LINE.
 * kexec -v ADDRESS: is the mark at this physical address of /proc/vmcore?
 *
 * Debian's kexec-tools would do, but it installs itself into how the machine
 * that builds this shuts down.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define ON_CRASH 2 /* KEXEC_FILE_ON_CRASH */

static void fill(uint64_t *page)
{
    unsigned int i;

    for ( i = 0; i < PAGE / 8; i++ )
        page[i] = 0x6b72616d00000000ULL + i;
}

static int load(char **argv, const char *more, unsigned long flags)
{
    static char cmdline[2048];
    int kernel = open(argv[0], O_RDONLY), initrd = open(argv[1], O_RDONLY);
    int len = snprintf(cmdline, sizeof(cmdline), "%s%s", argv[2], more);

    if ( len < 0 || len >= (int)sizeof(cmdline) ||
         syscall(SYS_kexec_file_load, kernel, initrd, len + 1UL, cmdline,
                 flags) )
    {
        perror("kexec_file_load");
        return 1;
    }
    return 0;
}

/* Returns only if something is wrong: the page has to stay. */
static int for_panic(char **argv)
{
    uint64_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    uint64_t entry = 0;
    char more[40];
    int map = open("/proc/self/pagemap", O_RDONLY);

    if ( page == MAP_FAILED )
        return 1;
    fill(page);
    if ( pread(map, &entry, 8, (uintptr_t)page / PAGE * 8) != 8 ||
         !(entry >> 63) )
    {
        fprintf(stderr, "no physical address\n");
        return 1;
    }
    snprintf(more, sizeof(more), " mark=%llu",
             (unsigned long long)(entry & ((1ULL << 55) - 1)) * PAGE);
    if ( load(argv, more, ON_CRASH) )
        return 1;
    puts("LOADED");
    fflush(stdout);
    for ( ;; )
        pause();
}

static int verify(uint64_t addr)
{
    static uint64_t want[PAGE / 8], got[PAGE / 8];
    int core = open("/proc/vmcore", O_RDONLY);
    Elf64_Ehdr head;
    Elf64_Phdr part;
    unsigned int i;

    fill(want);
    if ( pread(core, &head, sizeof(head), 0) != sizeof(head) )
    {
        perror("/proc/vmcore");
        return 1;
    }
    for ( i = 0; i < head.e_phnum; i++ )
        if ( pread(core, &part, sizeof(part),
                   head.e_phoff + i * sizeof(part)) == sizeof(part) &&
             part.p_type == PT_LOAD && addr >= part.p_paddr &&
             addr - part.p_paddr < part.p_filesz )
            return pread(core, got, PAGE, part.p_offset + addr -
                         part.p_paddr) != PAGE || memcmp(want, got, PAGE);
    fprintf(stderr, "not in /proc/vmcore\n");
    return 1;
}

int main(int argc, char **argv)
{
    if ( argc == 5 && !strcmp(argv[1], "-p") )
        return for_panic(argv + 2);
    if ( argc == 3 && !strcmp(argv[1], "-v") )
        return verify(strtoull(argv[2], NULL, 0));
    if ( argc != 4 )
    {
        fprintf(stderr, "usage: kexec [-p] KERNEL INITRD COMMAND-LINE\n"
                        "       kexec -v ADDRESS\n");
        return 2;
    }

    if ( load(argv + 1, "", 0) )
        return 1;
    sync();
    reboot(0x45584543); /* LINUX_REBOOT_CMD_KEXEC, which libc does not name */
    perror("reboot");

    return 1;
}
