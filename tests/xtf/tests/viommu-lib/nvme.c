/* SPDX-License-Identifier: GPL-2.0-only */

#include "nvme.h"
#include "pci.h"

#define NVME_CLASS              0x010802
#define WAIT_US                 5000000

#define REG_CAP                 0x00
#define REG_CC                  0x14
#define REG_CSTS                0x1c
#define REG_AQA                 0x24
#define REG_ASQ                 NVME_IDLE
#define REG_ACQ                 0x30
#define REG_DOORBELLS           0x1000

#define CC_ENABLE               0x00460001 /* entries: 16 and 64 bytes */
#define CSTS_RDY                1

#define ADMIN_CREATE_SQ         1
#define ADMIN_CREATE_CQ         5

#define QUEUE_LEN               64
#define NR_IDS                  256

struct sqe {
    uint8_t opcode, flags;
    uint16_t cid;
    uint32_t nsid;
    uint64_t rsvd, mptr, prp1, prp2;
    uint32_t cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};

struct cqe {
    uint32_t result, rsvd;
    uint16_t sq_head, sq_id, cid, status; /* status bit 0: phase */
};

struct queue {
    unsigned int qid, tail, head;
    unsigned int told;          /* the head which the device knows of */
    bool phase;
    struct sqe *sq;
    volatile struct cqe *cq;
};

/* Memory of a controller's queues, each in a page of its own. */
struct rings {
    struct sqe admin_sq[QUEUE_LEN] __aligned(4096);
    struct sqe io_sq[QUEUE_LEN] __aligned(4096);
    struct cqe admin_cq[QUEUE_LEN] __aligned(4096);
    struct cqe io_cq[QUEUE_LEN] __aligned(4096);
};

static struct rings rings[NVME_MAX] __page_aligned_bss;

static struct ctrl {
    void *regs;                 /* NULL before it has been used */
    uint16_t sid;
    unsigned int stride;
    struct queue admin, io;
    struct rings *rings;
} ctrls[NVME_MAX], *ctrl;

uint16_t nvme_sid;
unsigned int nvme_blocks = NVME_PAGE_BLOCKS;
static unsigned int next_id;
static int results[NR_IDS];

static uint32_t reg_read(unsigned int off)
{
    return *(volatile uint32_t *)(ctrl->regs + off);
}

static void reg_write(unsigned int off, uint32_t val)
{
    *(volatile uint32_t *)(ctrl->regs + off) = val;
}

static void doorbell(const struct queue *q, bool completion)
{
    reg_write(REG_DOORBELLS + (q->qid * 2 + completion) * ctrl->stride,
              completion ? q->head : q->tail);
}

/* Take what has completed; the device hears of it with the next command. */
static void reap(struct queue *q)
{
    for ( ; ; )
    {
        uint16_t status = q->cq[q->head].status;

        if ( (status & 1) != q->phase )
            return;

        smp_rmb();
        results[q->cq[q->head].cid % NR_IDS] = status >> 1;

        if ( ++q->head == QUEUE_LEN )
        {
            q->head = 0;
            q->phase = !q->phase;
        }
    }
}

static unsigned int queue(struct queue *q, struct sqe cmd)
{
    reap(q);
    if ( q->told != q->head )
    {
        doorbell(q, true);
        q->told = q->head;
    }

    cmd.cid = next_id++ % NR_IDS;
    results[cmd.cid] = NVME_PENDING;
    q->sq[q->tail] = cmd;
    q->tail = (q->tail + 1) % QUEUE_LEN;

    return cmd.cid;
}

static int finish(struct queue *q, unsigned int id)
{
    smp_wmb();
    doorbell(q, false);
    wait_for((reap(q), results[id] != NVME_PENDING), WAIT_US);

    return results[id] == NVME_PENDING ? NVME_TIMEOUT : results[id];
}

static bool admin_cmd(struct sqe cmd)
{
    int rc = finish(&ctrl->admin, queue(&ctrl->admin, cmd));

    if ( rc )
        xtf_error("NVMe admin command %#x: status %#x\n", cmd.opcode, rc);

    return rc == 0;
}

static void queue_reset(struct queue *q, unsigned int qid,
                        struct sqe *sq, struct cqe *cq)
{
    memset(sq, 0, sizeof(*sq) * QUEUE_LEN);
    memset(cq, 0, sizeof(*cq) * QUEUE_LEN);
    *q = (struct queue){ .qid = qid, .sq = sq, .cq = cq, .phase = true };
}

bool nvme_reset(void)
{
    struct rings *r = ctrl->rings;

    reg_write(REG_CC, 0);
    if ( !wait_for(!(reg_read(REG_CSTS) & CSTS_RDY), WAIT_US) )
    {
        xtf_error("NVMe does not stop\n");
        return false;
    }

    queue_reset(&ctrl->admin, 0, r->admin_sq, r->admin_cq);
    queue_reset(&ctrl->io, 1, r->io_sq, r->io_cq);

    reg_write(REG_AQA, (QUEUE_LEN - 1) << 16 | (QUEUE_LEN - 1));
    reg_write(REG_ASQ, _u(r->admin_sq));
    reg_write(REG_ASQ + 4, 0);
    reg_write(REG_ACQ, _u(r->admin_cq));
    reg_write(REG_ACQ + 4, 0);
    reg_write(REG_CC, CC_ENABLE);
    if ( !wait_for(reg_read(REG_CSTS) & CSTS_RDY, WAIT_US) )
    {
        xtf_error("NVMe does not start\n");
        return false;
    }

    return admin_cmd((struct sqe){
               .opcode = ADMIN_CREATE_CQ, .prp1 = _u(r->io_cq),
               .cdw10 = (QUEUE_LEN - 1) << 16 | 1, .cdw11 = 1 }) &&
           admin_cmd((struct sqe){
               .opcode = ADMIN_CREATE_SQ, .prp1 = _u(r->io_sq),
               .cdw10 = (QUEUE_LEN - 1) << 16 | 1, .cdw11 = 1 << 16 | 1 });
}

bool nvme_select(unsigned int nth)
{
    ctrl = &ctrls[nth];

    if ( !ctrl->regs )
    {
        ctrl->sid = pci_find(NVME_CLASS, nth);
        if ( ctrl->sid == PCI_NONE )
        {
            xtf_skip("No NVMe controller %u\n", nth);
            return false;
        }

        ctrl->regs = pci_enable(ctrl->sid);
        ctrl->stride = 4 << (reg_read(REG_CAP + 4) & 0xf);
        ctrl->rings = &rings[nth];
        if ( !nvme_reset() )
            return false;
    }

    nvme_sid = ctrl->sid;

    return true;
}

bool nvme_init(void)
{
    return nvme_select(0);
}

void nvme_map_queues(const struct vtd_dom *dom)
{
    uint64_t start = _u(ctrl->rings), addr;

    for ( addr = start; addr < start + sizeof(*ctrl->rings); addr += PAGE_SIZE )
        vtd_map(dom, addr, addr, 1, PTE_RW);
}

struct vtd_dom nvme_dom(uint16_t did)
{
    struct vtd_dom dom = vtd_dom_new(vtd.max_levels, did);

    nvme_map_queues(&dom);
    vtd_root_set();
    vtd_attach(nvme_sid, &dom);

    return dom;
}

bool nvme_reads(const struct vtd_dom *dom, uint64_t iova, uint64_t *page)
{
    vtd_map(dom, iova, _u(page), 1, PTE_RW);
    FILL(page, UNTOUCHED(i_));

    return check(nvme_rw(NVME_READ, 1, iova) == 0 &&
                 COUNT(page, DISK(1, i_)) == WORDS, "a transfer fails");
}

uint64_t nvme_regs_addr(void)
{
    return _u(ctrl->regs);
}

uint64_t nvme_queue_addr(void)
{
    return _u(&ctrl->io.sq[ctrl->io.tail]);
}

unsigned int nvme_queue(unsigned int opcode, unsigned int page,
                        uint64_t iova, uint64_t iova2)
{
    return queue(&ctrl->io, (struct sqe){
        .opcode = opcode, .nsid = 1, .prp1 = iova, .prp2 = iova2,
        .cdw10 = page * NVME_PAGE_BLOCKS,
        .cdw12 = (iova2 ? 2 * NVME_PAGE_BLOCKS : nvme_blocks) - 1 });
}

void nvme_ring(void)
{
    smp_wmb();
    doorbell(&ctrl->io, false);
}

int nvme_status(unsigned int id)
{
    reap(&ctrl->io);

    return results[id];
}

int nvme_rw(unsigned int opcode, unsigned int page, uint64_t iova)
{
    return finish(&ctrl->io, nvme_queue(opcode, page, iova, 0));
}

bool nvme_fill_disk(unsigned int pages)
{
    static uint64_t buf[2][WORDS] __page_aligned_bss;
    unsigned int n, id;

    for ( n = 0; n < pages; n += 2 )
    {
        FILL(buf[0], DISK(n, i_));
        FILL(buf[1], DISK(n + 1, i_));
        id = nvme_queue(NVME_WRITE, n, _u(buf[0]), _u(buf[1]));
        if ( finish(&ctrl->io, id) )
        {
            xtf_error("Cannot write the disk: %#x\n", nvme_status(id));
            return false;
        }
    }

    return true;
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
