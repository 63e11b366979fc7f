/* The environment variables that ffitap reads inside a host, all of them. */
#ifndef FFITAP_TAP_BASE_ENVIRONMENT_H
#define FFITAP_TAP_BASE_ENVIRONMENT_H

/* The token of the recording that this process is part of. */
#define FFITAP__ENV_RECORDING "FFITAP_RECORDING"

/* "0": nothing of LTTng is loaded on our account. */
#define FFITAP__ENV_LTTNG "FFITAP_LTTNG"

/* The absolute path of the folder for the statistics file. Not read in a setuid program. */
#define FFITAP__ENV_STAT_DIR "FFITAP_STAT_DIR"

/* The patterns of tap/base/filter.h; a text that is no filter leaves nothing out. Not read in a
 * setuid program. */
#define FFITAP__ENV_FILTER "FFITAP_FILTER"

#endif
