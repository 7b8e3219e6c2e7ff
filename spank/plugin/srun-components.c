#include "srun-components.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job-variables.h"
#include "wrap.h"

/*
 * srun reads all options into `opt` and keeps a copy of it for each component in `opt_list` (initialize_and_process_args in
 * src/srun/opt.c). These are the symbols and functions that it has for its plugins; where one is hidden, nothing here is done.
 */
static struct {
    char *opt, *srun_opt;
    size_t opt_size, srun_opt_size;
    void **list;
    char *(*duplicate)(const char *);
    void (*release)(void **);
    char *(*get)(void *, const char *);
    int (*set)(void *, const char *, const char *, _Bool);
    _Bool (*reset)(void *, const char *);
    void *(*iterate)(void *), *(*next)(void *);
    void (*end)(void *);
} srun;

/* Where a copy keeps --container; 0: not known. */
static size_t container_at;
/* The copies of all components but the last one, and what --container was in each. */
static char *copies[MAX_COMPONENTS], *containers[MAX_COMPONENTS];

static char *find_object(const char *name, size_t *size)
{
    Dl_info found;
    const ElfW(Sym) *symbol = NULL;
    char *address = dlsym(RTLD_DEFAULT, name);
    if (address == NULL || dladdr1(address, &found, (void **)&symbol, RTLD_DL_SYMENT) == 0 || symbol == NULL) return NULL;
    *size = symbol->st_size;
    return found.dli_saddr == address ? address : NULL;
}

static int find_srun(void)
{
    static int tried;
    if (tried++ == 0) {
        srun.opt = find_object("opt", &srun.opt_size);
        srun.srun_opt = find_object("sropt", &srun.srun_opt_size);
        srun.list = dlsym(RTLD_DEFAULT, "opt_list");
        *(void **)&srun.duplicate = dlsym(RTLD_DEFAULT, "slurm_xstrdup");
        *(void **)&srun.release = dlsym(RTLD_DEFAULT, "slurm_xfree");
        *(void **)&srun.get = dlsym(RTLD_DEFAULT, "slurm_option_get");
        *(void **)&srun.set = dlsym(RTLD_DEFAULT, "slurm_option_set");
        *(void **)&srun.reset = dlsym(RTLD_DEFAULT, "slurm_option_reset");
        *(void **)&srun.iterate = dlsym(RTLD_DEFAULT, "slurm_list_iterator_create");
        *(void **)&srun.next = dlsym(RTLD_DEFAULT, "slurm_list_next");
        *(void **)&srun.end = dlsym(RTLD_DEFAULT, "slurm_list_iterator_destroy");
    }
    return srun.opt != NULL && srun.srun_opt != NULL && srun.list != NULL && srun.duplicate != NULL && srun.release != NULL &&
                   srun.get != NULL && srun.set != NULL && srun.reset != NULL && srun.iterate != NULL && srun.next != NULL && srun.end != NULL
               ? 0
               : -1;
}

char *component_container(void)
{
    char *(*get)(void *, const char *) = NULL;
    void (*release)(void **) = NULL, *opt = dlsym(RTLD_DEFAULT, "opt");
    *(void **)&get = dlsym(RTLD_DEFAULT, "slurm_option_get");
    *(void **)&release = dlsym(RTLD_DEFAULT, "slurm_xfree");
    void *value = opt != NULL && get != NULL && release != NULL ? get(opt, "container") : NULL;
    const char *text = value != NULL ? value : getenv("SLURM_CONTAINER");
    char *result = text == NULL ? NULL : strdup(text);
    if (value != NULL) release(&value);
    return result;
}

/* The only word of `opt` that taking the option back empties. */
static size_t find_container(const char *value)
{
    size_t found = 0;
    char *before = malloc(srun.opt_size);
    if (before == NULL) return 0;
    memcpy(before, srun.opt, srun.opt_size);
    srun.reset(srun.opt, "container");
    for (size_t at = 0; at + sizeof(char *) <= srun.opt_size; at += sizeof(char *)) {
        const char *then, *now;
        memcpy(&then, before + at, sizeof then);
        memcpy(&now, srun.opt + at, sizeof now);
        if (now == then) continue;
        if (found != 0 || now != NULL) {
            found = 0;
            break;
        }
        found = at;
    }
    free(before);
    srun.set(srun.opt, "container", value, 0);
    return found;
}

/* The copies that srun has made so far, in its order; how many, or -1 if that are more than there can be. */
static int list_copies(char **found)
{
    int count = 0;
    if (*srun.list == NULL) return 0;
    void *iterator = srun.iterate(*srun.list);
    for (char *copy; count >= 0 && (copy = srun.next(iterator)) != NULL;) {
        if (count == MAX_COMPONENTS) count = -1;
        else found[count++] = copy;
    }
    srun.end(iterator);
    return count;
}

/*
 * A copy shares the text of --container with `opt` (_opt_copy does not duplicate it), where the next component's own one frees
 * it. So a copy gets a text of its own as soon as the next component is read.
 */
int components_note(int number)
{
    char *found[MAX_COMPONENTS];
    if (number >= MAX_COMPONENTS) return -1;
    containers[number] = component_container();
    /* Hardly ever is there a second one. */
    if (number == 0) return 0;
    if (find_srun() != 0 || list_copies(found) != number) return -1;
    copies[number - 1] = found[number - 1];
    if (containers[number] == NULL) return 0;
    if (container_at == 0 && (container_at = find_container(containers[number])) == 0) return -1;
    char *text = containers[number - 1] == NULL ? NULL : srun.duplicate(containers[number - 1]);
    memcpy(copies[number - 1] + container_at, &text, sizeof text);
    return 0;
}

/* Where in `size` bytes a pointer to a command's words lies, with their number before it; 0: nowhere. */
static size_t find_words(const char *where, size_t size, char **words, int count)
{
    for (size_t at = sizeof words; at + sizeof words <= size; at += sizeof words) {
        char **here;
        int number;
        memcpy(&here, where + at, sizeof here);
        memcpy(&number, where + at - sizeof here, sizeof number);
        if (here == words && number == count) return at;
    }
    return 0;
}

/* The structure that holds the command: `opt` itself, or, before Slurm 23.02, what it points to as `srun_opt`. */
static char *holder(char *copy, int inner)
{
    for (size_t at = 0; inner && at + sizeof(char *) <= srun.opt_size; at += sizeof(char *)) {
        char *pointer;
        memcpy(&pointer, srun.opt + at, sizeof pointer);
        if (pointer != srun.srun_opt) continue;
        memcpy(&pointer, copy + at, sizeof pointer);
        return pointer;
    }
    return inner ? NULL : copy;
}

static int wrap_component(char *where, size_t at, const char *exec_path, int number)
{
    char option[32], **words;
    int count;
    memcpy(&words, where + at, sizeof words);
    memcpy(&count, where + at - sizeof words, sizeof count);
    if (words == NULL || count < 1 || words[0] == NULL) return -1;
    if (exec_path == NULL || is_wrapped(words[0])) return 0;
    snprintf(option, sizeof option, COMPONENT_OPTION "%d", number);
    char **longer = calloc((size_t)count + 3, sizeof *longer);
    if (longer == NULL) return -1;
    longer[0] = srun.duplicate(exec_path);
    longer[1] = srun.duplicate(option);
    memcpy(longer + 2, words, (size_t)count * sizeof *words);
    srun.release((void **)&words);
    count += 2;
    memcpy(where + at, &longer, sizeof longer);
    memcpy(where + at - sizeof longer, &count, sizeof count);
    return 0;
}

int components_wrap(spank_t spank, const char *exec_path, int count)
{
    char *found[MAX_COMPONENTS], **argv = NULL;
    int argc = 0, inner = 0;
    size_t at = 0;
    if (find_srun() != 0 || list_copies(found) != count) return -1;
    if (spank_get_item(spank, S_JOB_ARGV, &argc, &argv) != ESPANK_SUCCESS || argc < 1 || argv == NULL) return -1;
    for (int i = 0; at == 0 && i < 2 * count; i++) {
        inner = i % 2;
        const char *where = holder(found[i / 2], inner);
        if (where != NULL) at = find_words(where, inner ? srun.srun_opt_size : srun.opt_size, argv, argc);
    }
    if (at == 0) return -1;
    for (int i = 0; i < count; i++) {
        /* srun has sorted them by --het-group since. */
        int number = 0;
        while (number < count - 1 && copies[number] != found[i]) number++;
        char *where = holder(found[i], inner);
        void *container = NULL;
        if (where == NULL || wrap_component(where, at, exec_path, number) != 0) return -1;
        if (container_at == 0) continue;
        /* The last one's text is still that of `opt`. */
        if (number < count - 1) memcpy(&container, found[i] + container_at, sizeof container);
        memset(found[i] + container_at, 0, sizeof container);
        if (container != NULL) srun.release(&container);
    }
    return 0;
}

/*
 * Once the step is made, whose record keeps it, srun need not know of --container any more. The node would only find that it has no
 * OCI runtime to run it in; and mpi/pmix, which puts its sockets into the folder that such a container would have had, fails
 * (_env_set in src/plugins/mpi/pmix/pmixp_info.c).
 */
void take_option_back(void)
{
    _Bool (*reset)(void *, const char *) = NULL;
    void *opt = dlsym(RTLD_DEFAULT, "opt"), **components = dlsym(RTLD_DEFAULT, "opt_list");
    *(void **)&reset = dlsym(RTLD_DEFAULT, "slurm_option_reset");
    if (opt != NULL && components != NULL && *components == NULL && reset != NULL) reset(opt, "container");
}
