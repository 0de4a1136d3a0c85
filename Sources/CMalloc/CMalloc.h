/* SPDX-License-Identifier: Apache-2.0 */

/* mallopt, which Swift's own module of the C library leaves out. */

#ifndef GASTOWN_CMALLOC_H
#define GASTOWN_CMALLOC_H

#include <malloc.h>

#endif
