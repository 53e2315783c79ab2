#ifndef CPLATFORM_H
#define CPLATFORM_H

// System calls that Swift cannot call itself: variadic ones, and ones the C library hides behind feature macros.

/// Names the calling thread, for debuggers and `ps -L`. At most 15 bytes are kept.
void cplatform_name_thread(const char *name);

/// As `pipe`, with both ends closed in child processes; where the system can, from the very start.
int cplatform_pipe(int ends[2]);

/// As `socketpair` of stream sockets, with both ends closed in child processes and without SIGPIPE where the system can.
int cplatform_socketpair(int ends[2]);

/// From now on the processes whose parent dies become children of this one, if they descend from it. -1 with errno set
/// where the system cannot.
int cplatform_adopt_orphans(void);

/// Starts the program at `path` in `directory`, in a process group of its own, with the standard streams of this
/// process. Where the system can, it is killed when the calling thread ends. Its process id; -1 with errno set when it
/// cannot be started. For processes with one thread only.
int cplatform_start_dependent(const char *path, char *const arguments[], char *const environment[],
                              const char *directory);

/// A descriptor that becomes readable when process `pid` ends, or -1 with errno set (ENOSYS where there is none).
int cplatform_pidfd_open(int pid);

/// A descriptor that becomes readable when the machine wakes from sleep or somebody sets its clock, and is read with
/// `cplatform_take_clock_change`; -1 where there is none.
int cplatform_watch_clock(void);

/// Makes the descriptor wait for the next change.
void cplatform_take_clock_change(int watch);

/// From now on SIGINT and SIGTERM no longer end the process: each one's number is a byte to be read from the descriptor
/// this returns. -1 with errno set when there are no descriptors left. Works whatever the threads' signal masks are.
int cplatform_catch_termination(void);

#endif
