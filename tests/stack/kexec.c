/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kexec KERNEL INITRD COMMAND-LINE: load a kernel and jump into it.
 *
 * Debian's kexec-tools would do, but it installs itself into how the machine
 * that builds this shuts down.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int kernel, initrd;

    if ( argc != 4 )
    {
        fprintf(stderr, "usage: kexec KERNEL INITRD COMMAND-LINE\n");
        return 2;
    }

    kernel = open(argv[1], O_RDONLY);
    initrd = open(argv[2], O_RDONLY);
    if ( syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1,
                 argv[3], 0UL) )
    {
        perror("kexec_file_load");
        return 1;
    }

    sync();
    reboot(0x45584543); /* LINUX_REBOOT_CMD_KEXEC, which libc does not name */
    perror("reboot");

    return 1;
}
