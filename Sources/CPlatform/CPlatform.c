#define _GNU_SOURCE
#include "CPlatform.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#endif

void cplatform_name_thread(const char *name) {
#ifdef __APPLE__
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

int cplatform_pipe(int ends[2]) {
#ifdef __linux__
  return pipe2(ends, O_CLOEXEC);
#else
  if (pipe(ends) != 0) return -1;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return 0;
#endif
}

int cplatform_socketpair(int ends[2]) {
#ifdef __linux__
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
#else
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
  for (int end = 0; end < 2; end++) {
    int on = 1;
    setsockopt(ends[end], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    fcntl(ends[end], F_SETFD, FD_CLOEXEC);
  }
  return 0;
#endif
}

int cplatform_pidfd_open(int pid) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, pid, 0);
#else
  (void)pid;
  errno = ENOSYS;
  return -1;
#endif
}

static int termination_pipe[2];

static void note_termination(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  // A full pipe means that nobody has dealt with the signals before this one; one more makes no difference.
  ssize_t written = write(termination_pipe[1], &byte, 1);
  (void)written;
  errno = saved;
}

// A timer for a moment that no one lives to see. What ends it is that the wall clock jumps, as it does when the machine
// has slept.
int cplatform_watch_clock(void) {
#ifdef __linux__
  int watch = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (watch < 0) return -1;
  struct itimerspec never = {.it_value = {.tv_sec = 9000000000}};
  if (timerfd_settime(watch, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0) return watch;
  close(watch);
#endif
  return -1;
}

void cplatform_take_clock_change(int watch) {
#ifdef __linux__
  uint64_t count;
  ssize_t taken = read(watch, &count, sizeof count);
  (void)taken;
#else
  (void)watch;
#endif
}


int cplatform_catch_termination(void) {
  if (pipe(termination_pipe) != 0) return -1;
  for (int end = 0; end < 2; end++) fcntl(termination_pipe[end], F_SETFD, FD_CLOEXEC);
  fcntl(termination_pipe[1], F_SETFL, O_NONBLOCK);
  struct sigaction action = {.sa_handler = note_termination, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  return termination_pipe[0];
}

int cplatform_adopt_orphans(void) {
#ifdef __linux__
  return prctl(PR_SET_CHILD_SUBREAPER, 1);
#else
  errno = ENOSYS;
  return -1;
#endif
}

static void become(const char *path, char *const arguments[], char *const environment[], const char *directory,
                   pid_t parent) {
  setpgid(0, 0);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  // The parent may have ended before that.
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  int defaults[] = {SIGPIPE, SIGTERM, SIGINT, SIGHUP};
  for (unsigned index = 0; index < sizeof defaults / sizeof *defaults; index++) signal(defaults[index], SIG_DFL);
  if (chdir(directory) == 0) execve(path, arguments, environment);
}

int cplatform_start_dependent(const char *path, char *const arguments[], char *const environment[],
                              const char *directory) {
  int report[2];
  if (cplatform_pipe(report) != 0) return -1;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    become(path, arguments, environment, directory, parent);
    int code = errno;
    ssize_t written = write(report[1], &code, sizeof code);
    (void)written;
    _exit(127);
  }
  int saved = errno, code = 0;
  close(report[1]);
  if (child > 0) {
    ssize_t count;
    do count = read(report[0], &code, sizeof code);
    while (count < 0 && errno == EINTR);
    if (count == sizeof code) {
      waitpid(child, NULL, 0);
      child = -1;
      saved = code;
    }
  }
  close(report[0]);
  errno = saved;
  return child;
}
