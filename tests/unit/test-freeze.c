/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A suspended guest: whoever asks, nothing is fetched, nothing completes, and no
 * interrupt is sent, until it runs again.  What the fake host objects to while
 * it is frozen (reads of the queue, writes, interrupts) fails a test by itself.
 */
#include "queue.h"

static void thaw(void)
{
    fake.frozen = false;
    assert_true(fake.to_thaw);
    fake.to_thaw = false;
    unit_more = viommu_continue(viommu);
    q_rest();
}

/* Everybody who may make a vIOMMU go on. */
static void everybody(void)
{

    assert_false(viommu_continue(viommu));
    (void)r32(R_GSTS);
    q_ack_all();
    assert_false(unit_ack_more);
    viommu_p2m_changed(viommu);
    assert_int_equal(viommu_detach(viommu, DM), 0);
    q_port = dm_attach();
    fake_unbind(q_port);
    assert_false(viommu_continue(viommu));
    (void)r32(R_GSTS);
    q_port = dm_attach();
    assert_false(viommu_continue(viommu));
}

/* What a vCPU writes before it is paused is kept for later. */
static void test_fetch(void **state)
{
    (void)state;
    fake.frozen = true;
    q_put_wait(0, W_IF);
    q_submit();
    assert_false(unit_more);
    everybody();
    assert_int_equal(fake.count[FAKE_WRITE] + fake.count[FAKE_MSI], 0);
    assert_int_equal(q_head_unseen(), 0);
    assert_false(q_done(0));

    thaw();
    assert_true(q_done(0));
    assert_int_equal(fake.count[FAKE_MSI], 1);
    q_check_running(1);
}

/* A vCPU is paused between two slices of a full queue. */
static void test_slices(void **state)
{
    unsigned int n, head;

    (void)state;
    q_switch(false);
    q_create(7);
    for ( n = 0; n < q.entries - 1; n++ )
        q_put_wait(n % 1024, 0);
    q_submit();
    for ( n = 0; n < 100; n++ )
        unit_more = viommu_continue(viommu);
    assert_true(unit_more);
    head = q_head_unseen();
    fake_trace();

    fake.frozen = true;
    everybody();
    assert_int_equal(q_head_unseen(), head);

    thaw();
    q_check_running(q.entries - 1);
}

/* What is waited for ends while the guest is suspended. */
static void test_end(void **state)
{
    (void)state;
    q_put_held(0, W_IF);
    fake.frozen = true;
    q_ack_all();
    everybody();
    assert_false(q_done(0));
    assert_int_equal(r32(R_ICS), 0);
    assert_int_equal(fake.count[FAKE_WRITE] + fake.count[FAKE_MSI], 0);

    thaw();
    assert_true(q_done(0));
    assert_int_equal(fake.count[FAKE_MSI], 1);
}

/* ... with the DM. */
static void test_death(void **state)
{
    (void)state;
    q_put_held(0, 0);
    fake.frozen = true;
    fake_unbind(q_port);
    assert_false(viommu_continue(viommu));
    assert_false(q_done(0));
    thaw();
    assert_true(q_done(0));
}

/* The same for a register, as the guest reads it and as memory. */
static void test_register(void **state)
{

    (void)state;
    unit_flags = XEN_VIOMMU_CREATE_NO_QUEUE;
    unit_create(48, 46);
    tables_create(4, 1);
    tables_map(0x1000, 0x2000, PRW);
    tables_enable();
    q_port = dm_attach();
    q_hold();
    w64(R_IOTLB, IVT | IIRG(1));
    assert_false(idle());

    fake.frozen = true;
    assert_int_equal(viommu_detach(viommu, DM), 0);
    assert_false(viommu_continue(viommu));
    assert_false(idle());
    assert_true(unit_mirror[R_IOTLB / 4 + 1] & IVT >> 32);

    thaw();
    assert_true(idle());
    unit_flags = 0;
}

/* A DMA is refused: recorded, with the interrupt to follow. */
static void test_fault(void **state)
{
    (void)state;
    w32(R_FEDATA, 0x62);
    w32(R_FEADDR, 0xfee01000);
    w32(R_FECTL, 0);
    fake_trace();

    fake.frozen = true;
    assert_int_equal(dm_translate(RID, 0x5000, XEN_VIOMMU_READ).status,
                     XEN_VIOMMU_XLAT_FAULT);
    assert_int_equal(dm_translate(RID, 0x6000, XEN_VIOMMU_READ).status,
                     XEN_VIOMMU_XLAT_FAULT);
    assert_int_equal(r32(R_FSTS), PPF);
    assert_int_equal(r32(R_FECTL), IP);
    trace_is("");

    thaw();
    trace_is("msi(fee01000,62)");
    assert_int_equal(r32(R_FECTL), 0);
    assert_false(viommu_continue(viommu));
    trace_is("");
}

/* An interrupt that is pending because it is masked stays so. */
static void test_masked(void **state)
{
    (void)state;
    w32(R_FEADDR, 0xfee01000);
    assert_int_equal(r32(R_FECTL), IM);
    fake_trace();
    fake.frozen = true;
    (void)dm_translate(RID, 0x5000, XEN_VIOMMU_READ);
    fake.frozen = false;
    assert_false(viommu_continue(viommu));
    trace_is("");
    assert_int_equal(r32(R_FECTL), IM | IP);
    w32(R_FECTL, 0);
    trace_is("msi(fee01000,0)");
}

/* The DM that was to be told of what is waited for is gone before that. */
static void test_nobody_to_tell(void **state)
{

    (void)state;
    q_put_held(0, 0);
    fake.frozen = true;
    ldm->floor = XEN_VIOMMU_NO_FLOOR;
    (void)r32(R_GSTS);
    ldm->floor = 0;
    (void)r32(R_GSTS);
    assert_int_equal(viommu_detach(viommu, DM), 0);
    fake_trace();
    thaw();
    trace_is("write(3008000,1) unwatch");
}

/* Nothing to do: nobody has to look, and nothing changes. */
static void test_idle(void **state)
{
    (void)state;
    fake.frozen = true;
    fake.frozen = false;
    assert_false(fake.to_thaw);
    q_put_wait(0, 0);
    q_submit();
    assert_true(q_done(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_fetch),
        queue_test(test_slices),
        queue_test(test_end),
        queue_test(test_death),
        queue_test(test_register),
        queue_test(test_fault),
        queue_test(test_masked),
        queue_test(test_nobody_to_tell),
        queue_test(test_idle),
    };

    return cmocka_run_group_tests_name("freeze", tests, NULL, NULL);
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
