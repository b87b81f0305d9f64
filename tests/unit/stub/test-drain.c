/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When may a generation be acknowledged? */
#include "qemu/osdep.h"
#include "xen-viommu-drain.h"
#include "test.h"

static XenViommuDrain d;
static char as1, as2, mem[1 << 20];

static uint64_t end(void *as, void *ptr)
{
    uint64_t gen = UINT64_MAX;

    CHECK(xen_viommu_drain_end(&d, as, ptr, &gen));
    return gen;
}

static uint64_t request(uint64_t gen)
{
    xen_viommu_drain_request(&d, gen);
    return xen_viommu_drain_due(&d);
}

static void idle_acks_at_once(void)
{
    xen_viommu_drain_init(&d);
    CHECK(xen_viommu_drain_due(&d) == 0);
    CHECK(request(0) == 0);
    CHECK(request(1) == 1);
    CHECK(request(7) == 7);
}

static void each_generation_once(void)
{
    xen_viommu_drain_init(&d);
    CHECK(request(3) == 3);
    CHECK(request(3) == 0);
    CHECK(request(2) == 0);
    CHECK(xen_viommu_drain_due(&d) == 0);
    CHECK(request(4) == 4);
}

static void old_dma_holds_ack(void)
{
    xen_viommu_drain_init(&d);
    xen_viommu_drain_begin(&d, &as1, mem, 5);
    CHECK(request(5) == 5);     /* made under 5: not below it */
    CHECK(!xen_viommu_drain_busy(&d));
    CHECK(request(6) == 0);
    CHECK(xen_viommu_drain_busy(&d));
    CHECK(xen_viommu_drain_due(&d) == 0);
    CHECK(end(&as1, mem) == 5);
    CHECK(!xen_viommu_drain_busy(&d));
    CHECK(xen_viommu_drain_due(&d) == 6);
    CHECK(d.nr == 0 && !d.oldest && !d.newest);
}

static void last_of_many_acks(void)
{
    unsigned int i;

    xen_viommu_drain_init(&d);
    for (i = 0; i < 3000; i++) {
        xen_viommu_drain_begin(&d, &as1, mem + i, 1);
    }
    CHECK(request(2) == 1);     /* and no further */
    for (i = 0; i < 3000; i++) {
        CHECK(xen_viommu_drain_due(&d) == 0);
        end(&as1, mem + (i * 7) % 3000);
    }
    CHECK(xen_viommu_drain_due(&d) == 2);
}

static void new_dma_delays_nothing(void)
{
    xen_viommu_drain_init(&d);
    xen_viommu_drain_begin(&d, &as1, mem, 1);
    CHECK(request(2) == 1);
    /* the device never stops, and begins anew before it ends */
    xen_viommu_drain_begin(&d, &as1, mem + 4096, 2);
    end(&as1, mem);
    CHECK(xen_viommu_drain_due(&d) == 2);
    CHECK(end(&as1, mem + 4096) == 2);
    CHECK(xen_viommu_drain_due(&d) == 0);
}

static void as_far_as_it_goes(void)
{
    xen_viommu_drain_init(&d);
    xen_viommu_drain_begin(&d, &as1, mem, 4);
    xen_viommu_drain_begin(&d, &as1, mem + 1, 6);
    CHECK(request(5) == 4);     /* all below 4 is over */
    CHECK(request(9) == 0);
    end(&as1, mem);
    CHECK(xen_viommu_drain_due(&d) == 6);
    CHECK(xen_viommu_drain_due(&d) == 0);
    end(&as1, mem + 1);
    CHECK(xen_viommu_drain_due(&d) == 9);
}

static void same_pointer_newest_first(void)
{
    uint64_t gen;

    xen_viommu_drain_init(&d);
    xen_viommu_drain_begin(&d, &as1, mem, 1);
    xen_viommu_drain_begin(&d, &as2, mem, 1);   /* another device */
    xen_viommu_drain_begin(&d, &as1, mem, 2);
    CHECK(request(2) == 1);
    CHECK(end(&as1, mem) == 2);
    CHECK(xen_viommu_drain_due(&d) == 0);
    CHECK(end(&as1, mem) == 1);
    CHECK(xen_viommu_drain_due(&d) == 0);       /* the other one is left */
    CHECK(!xen_viommu_drain_end(&d, &as1, mem, &gen));
    CHECK(end(&as2, mem) == 1);
    CHECK(xen_viommu_drain_due(&d) == 2);
}

static void unknown_pointers_are_ignored(void)
{
    uint64_t gen = 42;

    xen_viommu_drain_init(&d);
    CHECK(!xen_viommu_drain_end(&d, &as1, mem, &gen));
    CHECK(gen == 42);
    xen_viommu_drain_begin(&d, &as1, mem, 1);
    CHECK(!xen_viommu_drain_end(&d, &as2, mem, &gen));
    CHECK(!xen_viommu_drain_end(&d, &as1, mem + 1, &gen));
    CHECK(request(2) == 1 && request(2) == 0);
    end(&as1, mem);
    CHECK(xen_viommu_drain_due(&d) == 2);
}

static void generations_out_of_order(void)
{
    xen_viommu_drain_init(&d);
    xen_viommu_drain_begin(&d, &as1, mem, 9);
    xen_viommu_drain_begin(&d, &as1, mem + 1, 3);
    xen_viommu_drain_begin(&d, &as1, mem + 2, 5);
    xen_viommu_drain_begin(&d, &as1, mem + 3, 3);
    CHECK(request(9) == 3);
    end(&as1, mem + 1);
    CHECK(xen_viommu_drain_due(&d) == 0);
    end(&as1, mem + 3);
    CHECK(xen_viommu_drain_due(&d) == 5);
    end(&as1, mem + 2);
    CHECK(xen_viommu_drain_due(&d) == 9);
    end(&as1, mem);
    CHECK(!d.oldest && !d.newest);
}

/* Against a model that looks at every record every time. */
static void random_against_model(void)
{
    enum { SLOTS = 64, STEPS = 200000 };
    struct { bool used; char *ptr; uint64_t gen; } slot[SLOTS] = { 0 };
    uint64_t known = 1, asked = 0, acked = 0, seed = 12345;
    unsigned int step, i;

    xen_viommu_drain_init(&d);
    for (step = 0; step < STEPS; step++) {
        uint64_t oldest = UINT64_MAX, want, due;

        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        i = (seed >> 33) % SLOTS;
        if ((seed >> 58) == 0) {
            asked = ++known;
            xen_viommu_drain_request(&d, asked);
        } else if (slot[i].used) {
            CHECK(end(&as1, slot[i].ptr) == slot[i].gen);
            slot[i].used = false;
        } else {
            slot[i].used = true;
            slot[i].ptr = mem + i * 4096;
            slot[i].gen = known;
            xen_viommu_drain_begin(&d, &as1, slot[i].ptr, known);
        }

        for (i = 0; i < SLOTS; i++) {
            if (slot[i].used && slot[i].gen < oldest) {
                oldest = slot[i].gen;
            }
        }
        want = oldest < asked ? oldest : asked;
        due = xen_viommu_drain_due(&d);
        CHECK(due == (want > acked ? want : 0));
        acked = want > acked ? want : acked;
    }
    for (i = 0; i < SLOTS; i++) {
        if (slot[i].used) {
            end(&as1, slot[i].ptr);
        }
    }
    CHECK(d.nr == 0 && !d.oldest && !d.newest);
}

int main(void)
{
    RUN(idle_acks_at_once);
    RUN(each_generation_once);
    RUN(old_dma_holds_ack);
    RUN(last_of_many_acks);
    RUN(new_dma_delays_nothing);
    RUN(as_far_as_it_goes);
    RUN(same_pointer_newest_first);
    RUN(unknown_pointers_are_ignored);
    RUN(generations_out_of_order);
    RUN(random_against_model);
    return 0;
}
