/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Virtual IOMMU: the viommu option of a domain's configuration, and the
 * viommu-list command.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>
#include <libxl_utils.h>
#include <libxlutil.h>

#include "xl.h"
#include "xl_utils.h"
#include "xl_parse.h"

/* ---------- viommu=[ "KEY=VALUE,...", ... ] ---------- */

__attribute__((format(printf, 1, 2), noreturn))
static void bad_config(const char *fmt, ...)
{
    va_list ap;

    fputs("xl: viommu: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);

    exit(EXIT_FAILURE);
}

static void parse_aw(libxl_viommu_info *viommu, const char *value)
{
    if (!strcmp(value, "39"))
        viommu->aw = 39;
    else if (!strcmp(value, "48"))
        viommu->aw = 48;
    else
        bad_config("aw=\"%s\" is not supported, accepted values are 39 and 48",
                   value);
}

static void parse_bool(libxl_defbool *b, const char *key, const char *value)
{
    if (!strcmp(value, "0"))
        libxl_defbool_set(b, false);
    else if (!strcmp(value, "1"))
        libxl_defbool_set(b, true);
    else
        bad_config("%s=\"%s\" is not supported, accepted values are 0 and 1",
                   key, value);
}

static void parse_type(libxl_viommu_info *viommu, const char *value)
{
    /* "unknown" is a name that libxl has, but none that can be asked for. */
    if (libxl_viommu_type_from_string(value, &viommu->type) ||
        viommu->type == LIBXL_VIOMMU_TYPE_UNKNOWN)
        bad_config("type=\"%s\" is not supported, accepted value is vtd",
                   value);
}

/* Slots of PCI bus 0, as lspci writes them, with ';' between them. */
static void parse_slots(uint32_t *slots, const char *key, char *value)
{
    char *saveptr = NULL, *item;

    for (item = strtok_r(value, ";", &saveptr); item;
         item = strtok_r(NULL, ";", &saveptr)) {
        char *slot, *end;
        unsigned long nr;

        trim(isspace, item, &slot);
        nr = strtoul(slot, &end, 16);
        if (!isxdigit((unsigned char)*slot) || *end || end - slot > 2 ||
            nr > 0x1f)
            bad_config("%s: slot \"%s\" is not supported, slots are 0 to 1f",
                       key, slot);
        if (*slots & (1u << nr))
            bad_config("%s: slot %02lx is given more than once", key, nr);
        *slots |= 1u << nr;
        free(slot);
    }

    if (!*slots)
        bad_config("%s names no slot", key);
}

static void parse_viommu(libxl_viommu_info *viommu, const char *spec)
{
    bool have_type = false, have_aw = false, have_qi = false;
    bool have_intremap = false, have_devices = false, have_bridges = false;
    char *copy = xstrdup(spec), *saveptr = NULL, *item;

    for (item = strtok_r(copy, ",", &saveptr); item;
         item = strtok_r(NULL, ",", &saveptr)) {
        char *key, *value, *eq = strchr(item, '=');
        bool *have;

        if (eq)
            *eq = '\0';
        trim(isspace, item, &key);
        trim(isspace, eq ? eq + 1 : "", &value);

        if (!strcmp(key, "type"))
            have = &have_type;
        else if (!strcmp(key, "aw"))
            have = &have_aw;
        else if (!strcmp(key, "qi"))
            have = &have_qi;
        else if (!strcmp(key, "intremap"))
            have = &have_intremap;
        else if (!strcmp(key, "devices"))
            have = &have_devices;
        else if (!strcmp(key, "bridges"))
            have = &have_bridges;
        else
            bad_config("unknown key \"%s\", accepted keys are type, aw, qi, "
                       "intremap, devices and bridges", key);

        if (!*value)
            bad_config("key \"%s\" has no value", key);
        if (*have)
            bad_config("key \"%s\" is given more than once", key);
        *have = true;

        if (have == &have_type)
            parse_type(viommu, value);
        else if (have == &have_qi)
            parse_bool(&viommu->qi, key, value);
        else if (have == &have_intremap)
            parse_bool(&viommu->intremap, key, value);
        else if (have == &have_devices)
            parse_slots(&viommu->devices, key, value);
        else if (have == &have_bridges)
            parse_slots(&viommu->bridges, key, value);
        else
            parse_aw(viommu, value);

        free(key);
        free(value);
    }

    if (!have_type)
        bad_config("type is missing in \"%s\", accepted value is vtd", spec);

    free(copy);
}

void parse_viommu_list(const XLU_Config *config,
                       libxl_domain_build_info *b_info)
{
    XLU_ConfigList *list;
    int i, num;

    switch (xlu_cfg_get_list(config, "viommu", &list, &num, 1)) {
    case 0:
        break;

    case ESRCH: /* not set */
        return;

    default:
        bad_config("must be a list of strings, as in "
                   "viommu = [ \"type=vtd\" ]");
    }

    if (!num)
        return;

    b_info->viommus = xcalloc(num, sizeof(*b_info->viommus));
    b_info->num_viommus = num;

    for (i = 0; i < num; i++) {
        const char *spec = xlu_cfg_get_listitem(list, i);

        if (!spec)
            bad_config("must be a list of strings, as in "
                       "viommu = [ \"type=vtd\" ]");

        libxl_viommu_info_init(&b_info->viommus[i]);
        parse_viommu(&b_info->viommus[i], spec);
    }
}

/* ---------- viommu-list ---------- */

static uint64_t total_inv(const libxl_viommu_inv_counts *inv)
{
    return inv->config_global + inv->config_domain + inv->config_device +
           inv->tlb_global + inv->tlb_domain + inv->tlb_range + inv->control;
}

static void print_header(void)
{
    printf("%-20s %5s %4s %-7s %-8s %-8s %12s %8s %13s %9s %8s %12s\n",
           "Name", "ID", "Unit", "Type", "State", "DM", "Translations", "Faults",
           "Invalidations", "In-trap", "Waited", "MaxDrain(us)");
}

static void print_line(uint32_t domid, const char *name, unsigned int unit,
                       const libxl_viommu_stats *s)
{
    printf("%-20s %5u %4u %-7s %-8s %-8s %12"PRIu64" %8"PRIu64" %13"PRIu64
           " %9"PRIu64" %8"PRIu64" %12.1f\n",
           name, domid, unit, libxl_viommu_type_to_string(s->type),
           s->inv_waiting ? "waiting" : s->enabled ? "enabled" : "disabled",
           s->dm_attached ? "attached" : "none",
           s->translations, s->faults, total_inv(&s->inv), s->in_trap,
           s->waited, s->drain_max_ns / 1e3);
}

/* One moment of a timeline, as us after the guest's write. */
static void print_moment(const char *what, uint64_t ns, uint64_t write_ns)
{
    if (ns)
        printf("      %-28s %+12.1f us\n", what,
               ((double)ns - (double)write_ns) / 1e3);
    else
        printf("      %-28s %12s\n", what, "-");
}

static void print_timeline(const char *what, const libxl_viommu_timeline *t)
{
    printf("    %s: %s\n", what, libxl_viommu_inv_to_string(t->inv));
    print_moment("event sent", t->event_ns, t->write_ns);
    print_moment("device model tells of it", t->ack_ns, t->write_ns);
    print_moment("drained", t->drained_ns, t->write_ns);
    print_moment("complete", t->clear_ns, t->write_ns);
    print_moment("completion seen by guest", t->seen_ns, t->write_ns);
}

/* What is being waited for: device, range, age. */
static void print_blocked(const libxl_viommu_stats *s)
{
    const libxl_viommu_dma *dma = &s->blocked_by;

    if (!s->blocked && !s->blocked_floor)
        return;

    printf("    waiting for: DMA %"PRIu32"%s, the oldest for %.1f us\n",
           s->blocked, s->blocked_floor ? " and some without a slot" : "",
           (s->now_ns - s->blocked_ns) / 1e3);
    if (s->blocked)
        printf("      %02x:%02x.%x domain id %u %s %#"PRIx64"-%#"PRIx64
               " at %#"PRIx64"\n",
               dma->rid >> 8, (dma->rid >> 3) & 31, dma->rid & 7, dma->did,
               dma->write ? "writes" : "reads", dma->iova,
               dma->iova + ((uint64_t)dma->pages << 12) - 1, dma->gpa);
}

static void print_details(const libxl_viommu_stats *s)
{
    uint64_t exits = s->mmio_reads + s->mmio_writes;
    int i;

    printf("    registers at %#"PRIx64", faults not recorded %"PRIu64"\n",
           s->base, s->faults_lost);
    if (s->restored)
        printf("    restored: all counts begin there\n");

    printf("    invalidations of the device table: global %"PRIu64
           ", domain %"PRIu64", device %"PRIu64"\n",
           s->inv.config_global, s->inv.config_domain, s->inv.config_device);
    printf("    invalidations of translations: global %"PRIu64
           ", domain %"PRIu64", range %"PRIu64"\n",
           s->inv.tlb_global, s->inv.tlb_domain, s->inv.tlb_range);
    printf("    invalidations by control registers: %"PRIu64"\n",
           s->inv.control);

    printf("    exits by register accesses: read %"PRIu64", write %"PRIu64"\n",
           s->mmio_reads, s->mmio_writes);
    printf("    queue: descriptors %"PRIu64, s->descs);
    /* A guest that uses registers instead would have a misleading 0. */
    if (s->descs && exits)
        printf(" (%.2f per exit)", (double)s->descs / exits);
    printf(", stopped by errors %"PRIu64"\n", s->queue_errors);

    printf("    generations: requested %"PRIu64", drained %"PRIu64"\n",
           s->requested, s->drained);
    printf("    ledger: scans %"PRIu64", pages walked again %"PRIu64
           ", DMA found stale %"PRIu64"\n", s->scans, s->walks, s->stale);
    print_blocked(s);

    printf("    drains: total %.1f us, longest %.1f us, "
           "ended by a device model's end %"PRIu64"\n",
           s->drain_ns / 1e3, s->drain_max_ns / 1e3, s->dm_gone);
    for (i = 0; i < s->num_drain_hist; i++)
        if (s->drain_hist[i])
            printf("      %10"PRIu64" us and up: %"PRIu32"\n",
                   (uint64_t)1 << i, s->drain_hist[i]);

    if (s->inv_waiting) {
        print_timeline("waiting invalidation", &s->waiting);
        print_moment("now", s->now_ns, s->waiting.write_ns);
    } else if (s->longest.write_ns)
        print_timeline("longest wait", &s->longest);
}

static void json_string(const char *key, const char *value)
{
    printf("\"%s\": \"", key);
    for (; *value; value++) {
        unsigned char c = *value;

        if (c < 0x20)
            printf("\\u%04x", c);
        else
            printf("%s%c", c == '"' || c == '\\' ? "\\" : "", c);
    }
    putchar('"');
}

static void json_number(const char *key, uint64_t value)
{
    printf(", \"%s\": %"PRIu64, key, value);
}

static void json_bool(const char *key, bool value)
{
    printf(", \"%s\": %s", key, value ? "true" : "false");
}

static void json_timeline(const char *key, const libxl_viommu_timeline *t)
{
    printf(",\n  \"%s\": { ", key);
    json_string("inv", libxl_viommu_inv_to_string(t->inv));
    json_number("write_ns", t->write_ns);
    json_number("event_ns", t->event_ns);
    json_number("ack_ns", t->ack_ns);
    json_number("drained_ns", t->drained_ns);
    json_number("clear_ns", t->clear_ns);
    json_number("seen_ns", t->seen_ns);
    printf(" }");
}

/*
 * Not libxl_viommu_stats_to_json(), which leaves out whatever is zero: a
 * script is to find every counter of every vIOMMU.
 */
static void print_json(uint32_t domid, const char *name, unsigned int unit,
                       const libxl_viommu_stats *s)
{
    int i;

    printf("{ ");
    json_string("name", name);
    json_number("domid", domid);
    json_number("unit", unit);

    printf(",\n  ");
    json_string("type", libxl_viommu_type_to_string(s->type));
    json_bool("enabled", s->enabled);
    json_bool("dm_attached", s->dm_attached);
    json_bool("inv_waiting", s->inv_waiting);
    json_bool("restored", s->restored);
    json_number("base", s->base);
    json_number("translations", s->translations);
    json_number("faults", s->faults);
    json_number("faults_lost", s->faults_lost);

    printf(",\n  \"inv\": { \"config_global\": %"PRIu64,
           s->inv.config_global);
    json_number("config_domain", s->inv.config_domain);
    json_number("config_device", s->inv.config_device);
    json_number("tlb_global", s->inv.tlb_global);
    json_number("tlb_domain", s->inv.tlb_domain);
    json_number("tlb_range", s->inv.tlb_range);
    json_number("control", s->inv.control);
    printf(" }");

    json_number("in_trap", s->in_trap);
    json_number("waited", s->waited);
    json_number("dm_gone", s->dm_gone);
    json_number("requested", s->requested);
    json_number("drained", s->drained);
    json_number("drain_ns", s->drain_ns);
    json_number("drain_max_ns", s->drain_max_ns);

    printf(",\n  \"drain_hist\": [");
    for (i = 0; i < s->num_drain_hist; i++)
        printf("%s %"PRIu32, i ? "," : "", s->drain_hist[i]);
    printf(" ]");

    json_timeline("waiting", &s->waiting);
    json_timeline("longest", &s->longest);
    json_number("now_ns", s->now_ns);
    json_number("mmio_reads", s->mmio_reads);
    json_number("mmio_writes", s->mmio_writes);
    json_number("descs", s->descs);
    json_number("queue_errors", s->queue_errors);

    json_number("scans", s->scans);
    json_number("walks", s->walks);
    json_number("stale", s->stale);
    json_number("blocked", s->blocked);
    json_bool("blocked_floor", s->blocked_floor);
    json_number("blocked_ns", s->blocked_ns);
    printf(",\n  \"blocked_by\": { \"rid\": %u", s->blocked_by.rid);
    json_number("did", s->blocked_by.did);
    json_number("iova", s->blocked_by.iova);
    json_number("gpa", s->blocked_by.gpa);
    json_number("pages", s->blocked_by.pages);
    json_bool("write", s->blocked_by.write);
    printf(" } }");
}

/*
 * All of a domain's; *printed counts them. Returns what libxl says if it fails,
 * and that is not because the domain has none (any more).
 */
static int list_domain(uint32_t domid, bool details, bool json, int *printed)
{
    char *name = libxl_domid_to_name(ctx, domid);
    unsigned int unit;
    int rc = 0;

    for (unit = 0; !rc; unit++) {
        libxl_viommu_stats stats;

        libxl_viommu_stats_init(&stats);
        rc = libxl_domain_viommu_stats(ctx, domid, unit, &stats);
        if (!rc) {
            if (json) {
                printf("%s", *printed ? ",\n" : "");
                print_json(domid, name ?: "", unit, &stats);
            } else {
                if (!*printed)
                    print_header();
                print_line(domid, name ?: "", unit, &stats);
                if (details)
                    print_details(&stats);
            }
            (*printed)++;
        }
        libxl_viommu_stats_dispose(&stats);
    }

    free(name);

    return rc == ERROR_NOTFOUND || rc == ERROR_DOMAIN_NOTFOUND ? 0 : rc;
}

int main_viommulist(int argc, char **argv)
{
    int opt, i, nr = 1, printed = 0, rc = 0;
    bool details = false, json = false, single;
    libxl_dominfo *list = NULL;
    uint32_t domid = 0;
    static const struct option opts[] = {
        {"long", 0, 0, 'l'},
        {"json", 0, 0, 'j'},
        COMMON_LONG_OPTS
    };

    SWITCH_FOREACH_OPT(opt, "lj", opts, "viommu-list", 0) {
    case 'l':
        details = true;
        break;
    case 'j':
        json = true;
        break;
    }

    if (argc - optind > 1) {
        help("viommu-list");
        return EXIT_FAILURE;
    }

    single = argc > optind;
    if (single)
        domid = find_domain(argv[optind]);
    else if (!(list = libxl_list_domain(ctx, &nr))) {
        fprintf(stderr, "libxl_list_domain failed.\n");
        return EXIT_FAILURE;
    }

    if (json)
        printf("[");

    for (i = 0; i < nr && !rc; i++)
        rc = list_domain(list ? list[i].domid : domid, details, json, &printed);

    if (json)
        printf("]\n");
    else if (!single && !printed)
        print_header();

    if (single && !rc && !printed) {
        fprintf(stderr, "xl: domain %u has no vIOMMU\n", domid);
        rc = ERROR_NOTFOUND;
    }

    libxl_dominfo_list_free(list, list ? nr : 0);

    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
