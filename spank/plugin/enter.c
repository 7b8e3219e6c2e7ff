/*
 * ctmgr-enter: starts a command inside a container and says so if that does not work. Statically linked, since it runs
 * with nothing but the image around it. Exit codes as a shell's: 127 not found, 126 cannot be started.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* True for SLURM_INTERACTIVE_STEP (slurm/slurm.h) as SLURM_STEP_ID has it: until Slurm 25.11, and since. */
static int is_interactive(const char *step) { return step != NULL && (strcmp(step, "4294967290") == 0 || strcmp(step, "-6") == 0); }

/* What the ELF header of a program says it was made for (elf.h). */
static const char *machine_of(const char *path)
{
    unsigned char head[20];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? -1 : read(file, head, sizeof head);
    if (file >= 0) close(file);
    if (count < (ssize_t)sizeof head || memcmp(head, "\177ELF", 4) != 0) return NULL;
    switch (head[5] == 2 ? head[18] << 8 | head[19] : head[19] << 8 | head[18]) {
    case 0x03: return "i386";
    case 0x15: return "ppc64";
    case 0x3e: return "x86_64";
    case 0xb7: return "aarch64";
    case 0xf3: return "riscv64";
    default: return "another machine";
    }
}

static void tell(const char *image, const char *command, const char *why)
{
    fprintf(stderr, "ctmgr: inside %s: %s: %s\n", image, command, why);
}

/* The interpreter of a script whose first line names one that is not there. */
static int tell_interpreter(const char *image, const char *command, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "r");
    int found = file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "#!", 2) == 0;
    if (file != NULL) fclose(file);
    if (!found) return 0;
    line[strcspn(line, "\r\n")] = '\0';
    fprintf(stderr, "ctmgr: inside %s: %s: its interpreter is not there: %s\n", image, command, line + 2);
    return 1;
}

/* Starts PATH; comes back with 127 if there is no such file, 126 if it cannot be started, having said why. */
static int start(const char *image, char **argv, const char *path)
{
    struct stat status;
    struct utsname system;
    execv(path, argv);
    int error = errno;
    if (error == ENOENT && stat(path, &status) != 0) return 127;
    if (error == ENOENT && tell_interpreter(image, argv[0], path)) return 126;
    const char *machine = machine_of(path);
    if ((error == ENOEXEC || error == ENOENT) && machine != NULL && uname(&system) == 0 && strcmp(machine, system.machine) != 0) {
        fprintf(stderr, "ctmgr: inside %s: %s: made for %s, this node is %s\n", image, argv[0], machine, system.machine);
    } else if (error == ENOENT) {
        tell(image, argv[0], "its dynamic loader is not there");
    } else {
        tell(image, argv[0], strerror(error));
    }
    return 126;
}

/* As execvp(3), but for saying what exactly went wrong. */
static int search(const char *image, char **argv)
{
    const char *path = getenv("PATH");
    char file[4096];
    struct stat status;
    if (path == NULL || path[0] == '\0') path = "/usr/local/bin:/usr/bin:/bin";
    for (; *path != '\0'; path += strcspn(path, ":"), path += *path == ':') {
        int length = snprintf(file, sizeof file, "%.*s/%s", (int)strcspn(path, ":"), path, argv[0]);
        if (length < 0 || (size_t)length >= sizeof file || stat(file, &status) != 0 || !S_ISREG(status.st_mode)) continue;
        if (access(file, X_OK) != 0) continue;
        return start(image, argv, file);
    }
    return 127;
}

int main(int argc, char **argv)
{
    int self;
    if (argc < 3) return 126;
    /* The open file that this program came in is not for the command. */
    if (sscanf(argv[0], "/proc/self/fd/%d", &self) == 1) fcntl(self, F_SETFD, FD_CLOEXEC);
    const char *image = argv[1];
    argv += 2;
    int code = strchr(argv[0], '/') != NULL ? start(image, argv, argv[0]) : search(image, argv);
    if (code == 127) {
        const char *shell = getenv("SHELL"), *step = getenv("SLURM_STEP_ID");
        char *fallback[] = {"/bin/sh", "-l", NULL};
        /* salloc's own shell: the one that its user has on the host may not be in the image. */
        if (argc == 3 && shell != NULL && strcmp(shell, argv[0]) == 0 && is_interactive(step))
            execv(fallback[0], fallback);
        tell(image, argv[0], "command not found");
    }
    return code;
}
