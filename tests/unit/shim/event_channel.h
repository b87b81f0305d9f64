/* SPDX-License-Identifier: GPL-2.0-only */
/* What public/hvm/viommu.h takes from Xen's public/event_channel.h. */
#ifndef SHIM_EVENT_CHANNEL_H
#define SHIM_EVENT_CHANNEL_H

#include <stdint.h>

typedef uint32_t evtchn_port_t;

#endif
