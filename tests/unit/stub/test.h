/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases that say what they want; the first that fails ends the program. */
#define CHECK(cond) do {                                                \
    if (!(cond)) {                                                      \
        printf("FAIL unit/stub/%s: line %d: %s\n", __func__, __LINE__,  \
               #cond);                                                  \
        exit(1);                                                        \
    }                                                                   \
} while (0)

#define RUN(name) do {                                                  \
    name();                                                             \
    printf("PASS unit/stub/%s\n", #name);                               \
} while (0)
