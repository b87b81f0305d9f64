/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio DEVICE: drive QEMU's "edu", which is bound to vfio-pci, from user space, without
 * an unsafe option.  It copies pages by DMA, and each copy ends with its MSI.
 * Says "ok COPIES INTERRUPTS", or "refused ERRNO" if the kernel does not give the
 * device away.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
#define COPIES 8
#define IOVA 0x200000UL     /* "edu" has 28 bits */

/* Its registers. */
#define ACK 0x64
#define DMA_FROM 0x80
#define DMA_TO 0x88
#define DMA_SIZE 0x90
#define DMA_CMD 0x98
#define DMA_CMD_RUN 1
#define DMA_CMD_TO_MEMORY 2
#define DMA_CMD_IRQ 4
#define BUFFER 0x40000

static _Noreturn void fail(const char *what)
{
    printf("failed %s: %s\n", what, strerror(errno));
    exit(1);
}

static int do_ioctl(int fd, unsigned long request, void *arg, const char *what)
{
    int rc = ioctl(fd, request, arg);

    if ( rc < 0 )
        fail(what);

    return rc;
}

/* The group that sysfs has for it, and the group's file. */
static int open_group(const char *device)
{
    char path[128], target[256] = "";

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", device);
    if ( readlink(path, target, sizeof(target) - 1) < 0 )
    {
        printf("refused no-group\n");
        exit(1);
    }
    snprintf(path, sizeof(path), "/dev/vfio/%.16s", strrchr(target, '/') + 1);

    return open(path, O_RDWR);
}

static int open_device(const char *device, int container)
{
    int group = open_group(device);

    if ( group < 0 )
        fail("open of the group");
    do_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container, "SET_CONTAINER");
    if ( ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) )
    {
        printf("refused %s\n", errno == EPERM ? "EPERM" : strerror(errno));
        exit(1);
    }

    return do_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)device,
                    "GET_DEVICE_FD");
}

static struct vfio_region_info region(int device, unsigned int index)
{
    struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

    do_ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info, "GET_REGION_INFO");

    return info;
}

static volatile uint8_t *map_registers(int device)
{
    struct vfio_region_info info = region(device, VFIO_PCI_CONFIG_REGION_INDEX);
    off_t at = info.offset + PCI_COMMAND;
    uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    void *regs;

    if ( pwrite(device, &command, sizeof(command), at) != sizeof(command) )
        fail("write of the command register");
    info = region(device, VFIO_PCI_BAR0_REGION_INDEX);
    regs = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, device,
                info.offset);
    if ( regs == MAP_FAILED )
        fail("mmap of the registers");

    return regs;
}

static void *map_memory(int container)
{
    struct vfio_iommu_type1_dma_map map = {
        .argsz = sizeof(map), .size = 2 * PAGE, .iova = IOVA,
        .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
    };
    void *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if ( memory == MAP_FAILED )
        fail("mmap");
    map.vaddr = (uintptr_t)memory;
    do_ioctl(container, VFIO_IOMMU_MAP_DMA, &map, "MAP_DMA");

    return memory;
}

/*
 * Linux has an interrupt target a processor before its driver asks for it, and does
 * not move it if that processor is taken off in between.  Once that is back nobody
 * is there for the interrupt ("No irq handler for vector"), on any machine.  Who takes
 * one off (tests/stack/guest/jobs/linux) has this directory meanwhile, too.
 */
static void keep_processors(bool keep)
{
    static const char lock[] = "/run/processors";

    while ( keep && mkdir(lock, 0700) && errno == EEXIST )
        usleep(10000);
    if ( !keep )
        rmdir(lock);
}

static int take_msi(int device)
{
    struct {
        struct vfio_irq_set set;
        int fd;
    } irqs = {
        .set = {
            .argsz = sizeof(irqs), .index = VFIO_PCI_MSI_IRQ_INDEX, .count = 1,
            .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
        },
        .fd = eventfd(0, 0),
    };

    keep_processors(true);
    do_ioctl(device, VFIO_DEVICE_SET_IRQS, &irqs, "SET_IRQS");
    keep_processors(false);

    return irqs.fd;
}

/* One DMA; returns how many interrupts have come at its end. */
static uint64_t dma(volatile uint8_t *regs, int event, uint64_t from, uint64_t to,
                    unsigned int cmd)
{
    struct pollfd ready = { .fd = event, .events = POLLIN };
    uint64_t nr = 0;

    *(volatile uint64_t *)(regs + DMA_FROM) = from;
    *(volatile uint64_t *)(regs + DMA_TO) = to;
    *(volatile uint64_t *)(regs + DMA_SIZE) = PAGE;
    *(volatile uint64_t *)(regs + DMA_CMD) = cmd | DMA_CMD_RUN | DMA_CMD_IRQ;
    /* As long as the guest may take: it hangs. */
    if ( poll(&ready, 1, 300 * 1000) != 1 ||
         read(event, &nr, sizeof(nr)) != sizeof(nr) )
        fail("wait for an interrupt");
    *(volatile uint32_t *)(regs + ACK) = 0x100;

    return nr;
}

int main(int argc, char **argv)
{
    int container = open("/dev/vfio/vfio", O_RDWR), device, event;
    volatile uint8_t *regs;
    uint64_t interrupts = 0;
    uint8_t *memory;
    unsigned int i, j;

    if ( argc != 2 || container < 0 )
        fail("open of /dev/vfio/vfio");

    device = open_device(argv[1], container);
    memory = map_memory(container);
    regs = map_registers(device);
    event = take_msi(device);

    for ( i = 0; i < COPIES; i++ )
    {
        for ( j = 0; j < PAGE; j++ )
            memory[j] = j * 7 + j / 256 + i;
        memset(memory + PAGE, 0, PAGE);
        interrupts += dma(regs, event, IOVA, BUFFER, 0);
        interrupts += dma(regs, event, BUFFER, IOVA + PAGE, DMA_CMD_TO_MEMORY);
        if ( memcmp(memory, memory + PAGE, PAGE) )
        {
            printf("failed copy %u\n", i);
            return 1;
        }
    }
    printf("ok %u %u\n", COPIES, (unsigned int)interrupts);

    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
