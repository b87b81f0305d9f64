# SPDX-License-Identifier: GPL-2.0-or-later
"""Which devices may be behind the vIOMMU: pci-devices.list says so of each PCI
device that QEMU has, and QEMU does the same."""

import json
import os
import re
import subprocess
import unittest

from machine import QEMU, Died, Machine

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "pci-devices.list")
REFUSED = re.compile(r"cannot be behind Xen's vIOMMU: it (.*)")
DISK = ["-drive", "if=none,id=disk,driver=null-co,size=1048576"]


def verdicts():
    """All pairs of a name and what the list says of it."""
    with open(LIST, encoding="utf-8") as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                verdict, *names = line.split()
                yield from ((name, verdict) for name in names)


def listed():
    """Verdict by name."""
    return dict(verdicts())


def built():
    """PCI devices that QEMU has, those that it makes by itself left out."""
    text = subprocess.run([QEMU, "-device", "help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return re.findall(r'^name "([^"]*)", bus PCI', text, re.M)


def why(*args):
    """Why QEMU refuses its devices; None if it does not for that."""
    try:
        with Machine(*args):
            return None
    except Died as end:
        found = REFUSED.search(str(end))
        return found and found.group(1).strip()


class Accept(unittest.TestCase):
    def test_listed_once(self):
        pairs = list(verdicts())
        self.assertEqual(len(pairs), len(dict(pairs)))
        self.assertLessEqual({verdict for _, verdict in pairs},
                             {"supported", "refused"})

    def test_all_listed(self):
        self.assertEqual(sorted(set(built()) - set(listed())), [])

    def test_verdicts(self):
        wrong = []
        known = listed()
        for name in built():
            options = [name]
            if name.startswith("virtio") and not name.endswith("-transitional"):
                options.append("iommu_platform=on,disable-legacy=on")
            elif name.endswith("-non-transitional"):
                options.append("iommu_platform=on")
            reason = why("-device", ",".join(options))
            if (known.get(name) == "refused") != bool(reason):
                wrong.append((name, known.get(name), reason))
        self.assertEqual(wrong, [])

    def iothread(self, driver, **how):
        device = {"driver": driver, "iommu_platform": True,
                  "disable-legacy": "on", **how}
        return why("-object", "iothread,id=io", *DISK,
                   "-device", json.dumps(device))

    def test_iothread(self):
        for driver, drive in (("virtio-blk-pci", {"drive": "disk"}),
                              ("virtio-scsi-pci", {})):
            self.assertEqual(self.iothread(driver, iothread="io", **drive),
                             "has an iothread")
            mapping = {"iothread-vq-mapping": [{"iothread": "io"}]}
            self.assertEqual(self.iothread(driver, **mapping, **drive),
                             "has an iothread")
            self.assertIsNone(self.iothread(driver, **drive))

    def test_in_place(self):
        """What may not have a copy may be without."""
        self.assertIsNone(why("-global", "xen-viommu.dma=map", "-device",
                              "virtio-gpu-pci,iommu_platform=on"))


if __name__ == "__main__":
    unittest.main()
