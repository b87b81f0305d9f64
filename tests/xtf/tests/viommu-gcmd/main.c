/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GCMD and GSTS: what a command sets, what it leaves alone, and that what does
 * not exist stays off.
 */

#include "../viommu-lib/vtd.h"

const char test_title[] = "vIOMMU: GCMD handshakes";

#define SOON_US                 5000000

/* Write GCMD as it is, and wait for the whole of GSTS. */
static void write_expect(const char *what, uint32_t cmd, uint32_t sts)
{
    vtd_wr32(VTD_GCMD, cmd);
    check(wait_for(vtd_rd32(VTD_GSTS) == sts, SOON_US),
          "%s: GSTS is %#x, expected %#x", what, vtd_rd32(VTD_GSTS), sts);
}

static void test_unsupported(void)
{
    /* ECAP and CAP announce none of these. */
    static const struct {
        const char *name;
        uint32_t bit;
    } bits[] = {
        { "SFL", VTD_SFL }, { "EAFL", VTD_EAFL }, { "WBF", VTD_WBF },
        { "QIE", VTD_QIE }, { "IRE", VTD_IRE }, { "SIRTP", VTD_SIRTP },
        { "CFI", VTD_CFI },
    };
    unsigned int i;
    uint32_t all = 0x7fffff;

    subtest("what is not supported is ignored");
    check(!(vtd.ecap & 0xa), "ECAP %#"PRIx64" has QI or IR", vtd.ecap);
    for ( i = 0; i < ARRAY_SIZE(bits); i++ )
    {
        write_expect(bits[i].name, bits[i].bit, 0);
        all |= bits[i].bit;
    }
    write_expect("all of them and the reserved bits", all, 0);
    write_expect("nothing", 0, 0);
}

/* Before this no root table has been set since reset. */
static void test_te_without_root(void)
{
    subtest("TE before any SRTP");
    write_expect("TE", VTD_TE, VTD_TE);
    write_expect("TE again", VTD_TE, VTD_TE);
    write_expect("off", 0, 0);
}

static void test_srtp(void)
{
    subtest("SRTP");
    vtd_wr64(VTD_RTADDR, _u(vtd_root));
    check_eq("GSTS after RTADDR", vtd_rd32(VTD_GSTS), 0);
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), _u(vtd_root));

    write_expect("SRTP", VTD_SRTP, VTD_SRTP);
    write_expect("RTPS stays when the command bit is gone", 0, VTD_SRTP);
    write_expect("SRTP again", VTD_SRTP, VTD_SRTP);

    /* A new address is not in use yet, which nothing shows. */
    vtd_wr64(VTD_RTADDR, _u(vtd_context));
    check_eq("GSTS after a new RTADDR", vtd_rd32(VTD_GSTS), VTD_SRTP);
    vtd_wr64(VTD_RTADDR, _u(vtd_root));

    /* A root table that is nowhere is an error when it is used. */
    subtest("SRTP of an address without memory");
    vtd_wr64(VTD_RTADDR, 0xe0000000);
    write_expect("SRTP", VTD_SRTP, VTD_SRTP);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    vtd_wr64(VTD_RTADDR, _u(vtd_root));
    write_expect("SRTP back", VTD_SRTP, VTD_SRTP);
}

static void test_te(void)
{
    unsigned int i;

    subtest("TE");
    write_expect("on", VTD_TE, VTD_TE | VTD_SRTP);
    write_expect("on again", VTD_TE, VTD_TE | VTD_SRTP);
    write_expect("off", 0, VTD_SRTP);
    write_expect("off again", 0, VTD_SRTP);

    for ( i = 0; i < 20; i++ )
    {
        write_expect("toggled on", VTD_TE, VTD_TE | VTD_SRTP);
        write_expect("toggled off", 0, VTD_SRTP);
    }
}

static void test_several(void)
{
    subtest("several bits at once");
    /* As Xen writes it: the status, one-shot bits included, and a new bit. */
    write_expect("SRTP and TE", VTD_SRTP | VTD_TE, VTD_SRTP | VTD_TE);
    write_expect("SRTP while TE", VTD_SRTP | VTD_TE, VTD_SRTP | VTD_TE);
    write_expect("everything", ~0u, VTD_SRTP | VTD_TE);
    write_expect("SRTP alone turns TE off", VTD_SRTP, VTD_SRTP);
    write_expect("off", 0, VTD_SRTP);

    subtest("GCMD and GSTS by one 8-byte write");
    /* GSTS is read-only, so that only the lower half can do anything. */
    vtd_wr64(VTD_GCMD, ~0ull << 32);
    check_eq("GSTS", vtd_rd32(VTD_GSTS), VTD_SRTP);

    subtest("nothing else has changed");
    check_eq("GCMD as read", vtd_rd32(VTD_GCMD), 0);
    check_eq("FSTS", vtd_rd32(VTD_FSTS), 0);
    check_eq("RTADDR", vtd_rd64(VTD_RTADDR), _u(vtd_root));
}

void test_main(void)
{
    if ( !vtd_init() )
        return;

    check_eq("GSTS at reset", vtd_rd32(VTD_GSTS), 0);
    test_unsupported();
    test_te_without_root();
    test_srtp();
    test_te();
    test_several();
    subtest(NULL);

    xtf_success(NULL);
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
