#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is named on make's command line and does not fit is refused by one line,
and nothing that was built is lost, then or by the next make.  What is named
itself stays as it is."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Fetch(unittest.TestCase):
    def refused(self, name):
        with tempfile.TemporaryDirectory() as folder:
            def path(*parts):
                return os.path.join(folder, *parts)

            def put(text, *parts):
                os.makedirs(os.path.dirname(path(*parts)), exist_ok=True)
                with open(path(*parts), "w", encoding="utf-8") as stream:
                    stream.write(text)

            def get(*parts):
                with open(path(*parts), encoding="utf-8") as stream:
                    return stream.read()

            kept = [("src", name, "a"), (name, "a"), (name + "-obj", "a")]
            for file in kept:
                put("built", *file)
            stamps = [("stamps", name + end) for end in (".fetched", ".from")]
            put("\n", *stamps[0])
            os.utime(path(*stamps[0]), (1, 1))
            put("wrong\n", *stamps[1])
            os.makedirs(path("wrong"))
            run = subprocess.run(
                [os.path.join(TOP, "scripts/fetch"), "source", name,
                 path("wrong")], env=dict(os.environ, BUILD=folder),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                check=False)
            self.assertEqual(run.returncode, 1)
            self.assertEqual(run.stdout, "")
            self.assertRegex(run.stderr, r"^apply-hooks: hooks/.*: no such file"
                             r" in the tree, .*; known to fit: .*\n$")
            for file in kept:
                self.assertEqual(get(*file), "built")
            self.assertEqual(get(*stamps[1]), "\n")
            self.assertLessEqual(os.path.getmtime(path(*stamps[1])), 1)

    def test_qemu(self):
        self.refused("qemu")

    def test_xen(self):
        self.refused("xen")

    def run_fetch(self, build, *args, top=TOP, **env):
        return subprocess.run(
            [os.path.join(top, "scripts/fetch"), *args],
            env=dict(os.environ, BUILD=build, **env), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, check=False)

    def test_link(self):
        """A link to a tree: the copy is of the tree, which is not touched."""
        with tempfile.TemporaryDirectory() as folder:
            # With no hooks, any tree will do.
            top = os.path.join(folder, "top")
            shutil.copytree(os.path.join(TOP, "scripts"),
                            os.path.join(top, "scripts"))
            for part in ("xen", "tools", "hooks/xen"):
                os.makedirs(os.path.join(top, part))
            tree, build = os.path.join(folder, "tree"), os.path.join(folder, "b")
            kept = [".git/HEAD", "config/Tools.mk", "a"]
            for name in kept:
                os.makedirs(os.path.dirname(os.path.join(tree, name)),
                            exist_ok=True)
                with open(os.path.join(tree, name), "w", encoding="utf-8"):
                    pass
            link = os.path.join(folder, "li nk")
            os.symlink(tree, link)
            run = self.run_fetch(build, "source", "xen", link, top=top)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            for name in kept:
                self.assertTrue(os.path.exists(os.path.join(tree, name)), name)
            copy = os.path.join(build, "src", "xen")
            self.assertFalse(os.path.islink(copy))
            self.assertEqual(sorted(os.listdir(copy)), ["a", "config"])

    def test_itself(self):
        """The place of the copy is not what can be copied."""
        with tempfile.TemporaryDirectory() as build:
            tree = os.path.join(build, "src", "xen")
            os.makedirs(tree)
            for name in (tree, os.path.join(build, "src")):
                run = self.run_fetch(build, "source", "xen", name)
                self.assertEqual(run.returncode, 1)
                self.assertEqual(run.stderr, f"fetch: XEN_SRC={name}: is where "
                                 "the copy goes\n")
                self.assertTrue(os.path.isdir(tree))

    def test_kernel(self):
        with tempfile.TemporaryDirectory() as build:
            def deb(name, package, arch="amd64", files=()):
                folder = os.path.join(build, "deb-" + name)
                os.makedirs(os.path.join(folder, "DEBIAN"))
                os.makedirs(os.path.join(folder, "boot"))
                with open(os.path.join(folder, "DEBIAN/control"), "w",
                          encoding="utf-8") as stream:
                    stream.write(f"Package: {package}\nVersion: 1\n"
                                 f"Architecture: {arch}\nDescription: a\n"
                                 "Maintainer: a <a@localhost>\n")
                for file in files:
                    with open(os.path.join(folder, file), "w",
                              encoding="utf-8"):
                        pass
                to = os.path.join(build, name + ".deb")
                subprocess.run(["dpkg-deb", "-b", folder, to], check=True,
                               stdout=subprocess.DEVNULL)
                return to

            garbage = os.path.join(build, "garbage.deb")
            with open(garbage, "w", encoding="utf-8") as stream:
                stream.write("garbage\n")
            no_image = "not an amd64 kernel of Debian"
            for which, why in (
                    (os.path.join(build, "none.deb"), "no such file"),
                    (build + "/", "neither a suite nor a .deb"),
                    ("", "neither a suite nor a .deb"),
                    ("../../etc", "neither a suite nor a .deb"),
                    ("a b", "neither a suite nor a .deb"),
                    ("6.12", "neither a suite nor a .deb"),
                    (garbage, no_image),
                    (deb("other", "hello"), no_image),
                    (deb("meta", "linux-image-amd64"), no_image),
                    (deb("arm", "linux-image-1", "arm64",
                         ["boot/vmlinuz-1"]), no_image)):
                run = self.run_fetch(build, "kernel", which)
                self.assertEqual(run.stderr, f"fetch: KERNEL={which}: {why}\n")
                self.assertEqual((run.returncode, run.stdout), (1, ""))
            self.assertEqual(glob.glob(os.path.join(build, "apt*")), [])
            # One that has no modules: it is not before depmod that this ends.
            run = self.run_fetch(build, "kernel",
                                 deb("good", "linux-image-1", files=[
                                     "boot/vmlinuz-1"]))
            self.assertIn("FETCH", run.stdout)
            self.assertEqual(run.returncode, 1)

    def test_no_network(self):
        """apt says so in warnings.  Lists that are not there are asked for again
        by the next run."""
        with tempfile.TemporaryDirectory() as build:
            for name, text in (("apt-get", """
                                case "$*" in *update*--error-on=any*) exit 100 ;;
                                *update*) echo W: ignored ;; *) exit 100 ;; esac
                                """), ("apt-cache", "")):
                path = os.path.join(build, "bin", name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as stream:
                    stream.write("#!/bin/sh\n" + text)
                os.chmod(path, 0o755)
            path = os.path.join(build, "bin") + ":" + os.environ["PATH"]
            for args in (("source", "qemu"), ("source", "xen"), ("kernel",),
                         ("kernel", "trixie")):
                run = self.run_fetch(build, *args, PATH=path)
                self.assertEqual(run.returncode, 1)
                self.assertEqual(
                    glob.glob(os.path.join(build, "apt*/updated")), [])


class Sources(unittest.TestCase):
    """scripts/apt-sources, about what apt takes."""
    STANZA = ("Types: deb\nURIs: http://a/archive\nSuites: bookworm\n"
              "Components: main\n")

    def setUp(self):
        sys.dont_write_bytecode = True
        loader = SourceFileLoader("apt_sources", os.path.join(
            TOP, "scripts/apt-sources"))
        self.module = module_from_spec(spec_from_loader("apt_sources", loader))
        loader.exec_module(self.module)
        self.module.codename = lambda: "bookworm"

    def stanza(self, more):
        return list(self.module.stanza_entries(self.STANZA + more))

    def test_sources_key(self):
        """A key in place has lines that begin with a slash."""
        entry = ("", "http://a/archive", "bookworm", ["main"])
        self.assertEqual(self.stanza(
            "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n"
            " mDMEabc\n /abcdefg\n -----END PGP PUBLIC KEY BLOCK-----\n"),
                         [entry])
        self.assertEqual(self.stanza("Signed-By: /a.gpg /b.gpg\n"),
                         [("signed-by=/a.gpg,/b.gpg", *entry[1:])])

    def test_sources_enabled(self):
        for no in ("no", "No", "false", "0", "off"):
            self.assertEqual(self.stanza(f"Enabled: {no}\n"), [], no)
        self.assertEqual(len(self.stanza("Enabled: yes\n")), 1)

    def test_sources_suite(self):
        """Others name their suites after Debian's, too."""
        entries = [("", "http://other", "bookworm", ["stable"]),
                   ("", "http://security", "bookworm-security", ["main"]),
                   ("", "http://a/archive", "bookworm", ["main"])]
        self.assertEqual(self.module.of_suite(entries, "trixie"),
                         [("", "http://a/archive", "trixie", ["main"])])


class Result(unittest.TextTestResult):
    """A line for each test, as the tally wants it."""

    def addSuccess(self, test):
        print(f"PASS hooks/fetch/{test.id().rpartition('.')[2]}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(f"FAIL hooks/fetch/{test.id().rpartition('.')[2]}: {err[1]}")

    def addError(self, test, err):
        super().addError(test, err)
        print(f"FAIL hooks/fetch/{test.id().rpartition('.')[2]}: {err[1]}")


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(
        resultclass=Result, stream=open(os.devnull, "w", encoding="utf-8")))
