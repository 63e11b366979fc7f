/* Everything of the loader/call core: calling native libraries as Python's ctypes does, traced. */
#ifndef FFITAP_FFITAP_H
#define FFITAP_FFITAP_H

#include <ffitap/callback.h>
#include <ffitap/errno.h>
#include <ffitap/function.h>
#include <ffitap/interpreter.h>
#include <ffitap/library.h>
#include <ffitap/loader.h>
#include <ffitap/prototype.h>
#include <ffitap/statistics.h>
#include <ffitap/status.h>
#include <ffitap/type.h>
#include <ffitap/version.h>

#endif
