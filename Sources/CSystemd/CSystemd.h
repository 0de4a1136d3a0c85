/* SPDX-License-Identifier: Apache-2.0 */

/* Only what the daemon uses of libsystemd. The variadic functions of these headers
   (sd_notifyf, sd_journal_send, sd_journal_print) cannot be called from Swift: use sd_notify
   and sd_journal_sendv. */

#ifndef GASTOWN_CSYSTEMD_H
#define GASTOWN_CSYSTEMD_H

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#endif
