/* The command that an emitted executable is: raw float32 images in, raw float32 results out.
 *
 * This file is compiled behind the model's header, with skipmodel_ replaced as there, and SKIP_EXECUTABLE_NAME defined. An image
 * is its inputs one after another, a result its outputs one after another. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME SKIP_EXECUTABLE_NAME

struct options {
  const char *input, *output, *weights; /* null: stdin, stdout, the embedded weights */
  long threads, batch;                  /* 0: the default */
};

/* Inputs or outputs: floats an image of each, and room for a batch of it. */
struct ports {
  int32_t count;
  size_t *floats;
  float **buffers;
  size_t image_bytes;
};

struct session {
  skip_model *model;
  skip_weights *weights;
  skip_pool *pool;
  skip_context *context;
  int64_t batch;
  struct ports in, out;
};

static const char usage[] =
    "usage: " NAME " [options] < images > results\n"
    "\n"
    "Reads images as raw float32 (normalised, row-major, NCHW) and writes raw float32 results.\n"
    "\n"
    "  -i, --input FILE    read images from FILE instead of the standard input\n"
    "  -o, --output FILE   write results to FILE, which appears when all is done, instead of the standard output\n"
    "  -w, --weights FILE  a safetensors checkpoint or packed weights file; default: the embedded weights\n"
    "  -t, --threads N     threads to run on; default: all that this process may use\n"
    "  -b, --batch N       images a run; default: the largest batch that this model was built for\n"
    "  -h, --help          this text, and the sizes of the model's inputs and outputs\n"
    "\n"
    "Exit codes: 0 done, 1 input, weights, memory or disk failed, 2 wrong arguments; 128 + N ended by signal N while writing\n"
    "--output, of which nothing is left.\n";

static int complain(const char *what, const char *why) {
  fprintf(stderr, NAME ": error: %s%s%s\n", what, why ? ": " : "", why ? why : "");
  return 1;
}

/* Writes a text that is not ours, such as a file's name: what a terminal would obey is shown as \x1b. */
static void put_name(const char *text) {
  unsigned char before = 0;
  for (; *text; before = (unsigned char)*text++) {
    unsigned char byte = (unsigned char)*text, next = (unsigned char)text[1];
    int is_c1 = (byte == 0xc2 && next >= 0x80 && next < 0xa0) || (before == 0xc2 && byte >= 0x80 && byte < 0xa0);
    fprintf(stderr, byte < 0x20 || byte == 0x7f || is_c1 ? "\\x%02x" : "%c", byte);
  }
}

static void complain_of_name(const char *what, const char *name, const char *why) {
  fprintf(stderr, NAME ": error: %s`", what);
  put_name(name);
  fprintf(stderr, "`%s\n", why);
}

static int complain_of_file(const char *action, const char *path) {
  const char *why = strerror(errno);
  fprintf(stderr, NAME ": error: cannot %s `", action);
  put_name(path);
  fprintf(stderr, "`: %s\n", why);
  return 1;
}

static int complain_of_call(void) { return complain(skipmodel_last_error(), NULL); }

static void print_port(const char *kind, const skip_tensor_info *info) {
  int32_t i;
  printf("  %s %s: n", kind, info->name);
  for (i = 1; i < info->rank; ++i)
    printf(" x %lld", (long long)info->dims[i]);
  printf("\n");
}

static int print_help(void) {
  skip_model *model = NULL;
  skip_tensor_info info;
  int32_t i;
  fputs(usage, stdout);
  if (skipmodel_model_create(&model) != SKIP_OK)
    return complain_of_call();
  printf("\nFor n images, up to %lld a run:\n", (long long)skipmodel_model_max_batch(model));
  for (i = 0; skipmodel_model_input(model, i, &info) == SKIP_OK; ++i)
    print_port("input", &info);
  for (i = 0; skipmodel_model_output(model, i, &info) == SKIP_OK; ++i)
    print_port("output", &info);
  skipmodel_model_destroy(model);
  return fflush(stdout) == 0 ? 0 : complain_of_file("write", "standard output");
}

/* A whole positive number, or -1. */
static long parse_count(const char *text) {
  char *end = NULL;
  long value;
  errno = 0;
  value = strtol(text, &end, 10);
  return errno || end == text || *end || value < 1 || value > 1000000 ? -1 : value;
}

static int parse_number(const char *flag, const char *text, long *value) {
  *value = parse_count(text);
  if (*value > 0)
    return 0;
  fprintf(stderr, NAME ": error: `%s ", flag);
  put_name(text);
  fprintf(stderr, "`: expected a whole number from 1 to 1000000\n");
  return 2;
}

static int parse_option(const char *flag, const char *value, struct options *options) {
  char letter = flag[0] == '-' && flag[1] != '-' && flag[1] && !flag[2] ? flag[1] : 0;
  int is_text = 1;
  const char **text = NULL;
  long *number = NULL;
  if (letter == 'i' || !strcmp(flag, "--input"))
    text = &options->input;
  else if (letter == 'o' || !strcmp(flag, "--output"))
    text = &options->output;
  else if (letter == 'w' || !strcmp(flag, "--weights"))
    text = &options->weights;
  else if (letter == 't' || !strcmp(flag, "--threads"))
    number = &options->threads, is_text = 0;
  else if (letter == 'b' || !strcmp(flag, "--batch"))
    number = &options->batch, is_text = 0;
  if (!text && !number) {
    complain_of_name("unknown argument ", flag, "; see --help");
    return 2;
  }
  if (!value) {
    complain_of_name("", flag, " needs a value; see --help");
    return 2;
  }
  if (!is_text)
    return parse_number(flag, value, number);
  *text = value;
  return 0;
}

static int open_ports(struct ports *ports, int inputs, const struct session *session) {
  int32_t i, dim;
  ports->count = inputs ? skipmodel_model_input_count(session->model) : skipmodel_model_output_count(session->model);
  ports->floats = calloc((size_t)ports->count, sizeof *ports->floats);
  ports->buffers = calloc((size_t)ports->count, sizeof *ports->buffers);
  if (!ports->floats || !ports->buffers)
    return complain("out of memory", NULL);
  for (i = 0; i < ports->count; ++i) {
    skip_tensor_info info;
    if ((inputs ? skipmodel_model_input : skipmodel_model_output)(session->model, i, &info) != SKIP_OK)
      return complain_of_call();
    ports->floats[i] = 1;
    for (dim = 1; dim < info.rank; ++dim)
      ports->floats[i] *= (size_t)info.dims[dim];
    ports->image_bytes += ports->floats[i] * sizeof(float);
    ports->buffers[i] = malloc(ports->floats[i] * sizeof(float) * (size_t)session->batch);
    if (!ports->buffers[i])
      return complain("out of memory for one batch; a smaller --batch needs less", NULL);
  }
  return 0;
}

static void close_ports(struct ports *ports) {
  int32_t i;
  for (i = 0; ports->buffers && i < ports->count; ++i)
    free(ports->buffers[i]);
  free(ports->buffers);
  free(ports->floats);
}

static void close_session(struct session *session) {
  close_ports(&session->in);
  close_ports(&session->out);
  skipmodel_context_destroy(session->context);
  skipmodel_pool_destroy(session->pool);
  skipmodel_weights_destroy(session->weights);
  skipmodel_model_destroy(session->model);
}

static skip_status load_weights(const struct options *options, struct session *session) {
  return options->weights ? skipmodel_weights_load_file(session->model, options->weights, &session->weights)
                          : skipmodel_weights_embedded(session->model, &session->weights);
}

static int open_session(const struct options *options, struct session *session) {
  skip_context_options context = {0};
  skip_status status;
  if (skipmodel_model_create(&session->model) != SKIP_OK)
    return complain_of_call();
  session->batch = options->batch ? options->batch : skipmodel_model_max_batch(session->model);
  if (session->batch > skipmodel_model_max_batch(session->model)) {
    fprintf(stderr, NAME ": error: `--batch %lld`: this model was built for at most %lld images a run\n",
            (long long)session->batch, (long long)skipmodel_model_max_batch(session->model));
    return 2;
  }
  status = load_weights(options, session);
  if (status == SKIP_NO_WEIGHTS && !options->weights)
    return complain("no weights are embedded; give a file with --weights", NULL);
  if (status != SKIP_OK)
    return complain_of_call();
  if (options->threads != 1 && skipmodel_pool_create((int32_t)options->threads, &session->pool) != SKIP_OK)
    return complain_of_call();
  context.pool = session->pool;
  context.max_batch = session->batch;
  if (skipmodel_context_create(session->model, session->weights, &context, &session->context) != SKIP_OK)
    return complain_of_call();
  status = open_ports(&session->in, 1, session);
  return status ? (int)status : open_ports(&session->out, 0, session);
}

static int complain_of_size(unsigned long long bytes, const struct ports *in) {
  fprintf(stderr, NAME ": error: the input is %llu bytes, which is no multiple of an image's %llu\n", bytes,
          (unsigned long long)in->image_bytes);
  return 1;
}

/* A wrong size is found before the first run where the input tells its size. */
static int check_size(FILE *input, const struct ports *in) {
  long end;
  if (fseek(input, 0, SEEK_END) != 0)
    return 0;
  end = ftell(input);
  if (end > 0 && (unsigned long)end % in->image_bytes != 0)
    return complain_of_size((unsigned long long)end, in);
  return fseek(input, 0, SEEK_SET) == 0 ? 0 : complain("cannot rewind the input", strerror(errno));
}

/* Reads up to a batch; `bytes` counts what was read so far, a piece of an image included. */
static int64_t read_batch(FILE *input, struct session *session, unsigned long long *bytes) {
  int64_t n;
  int32_t i;
  for (n = 0; n < session->batch; ++n)
    for (i = 0; i < session->in.count; ++i) {
      size_t wanted = session->in.floats[i] * sizeof(float);
      size_t got = fread(session->in.buffers[i] + session->in.floats[i] * (size_t)n, 1, wanted, input);
      *bytes += got;
      if (got != wanted)
        return n;
    }
  return n;
}

static int write_batch(FILE *output, const struct session *session, int64_t count) {
  int64_t n;
  int32_t i;
  for (n = 0; n < count; ++n)
    for (i = 0; i < session->out.count; ++i) {
      size_t floats = session->out.floats[i];
      if (fwrite(session->out.buffers[i] + floats * (size_t)n, sizeof(float), floats, output) != floats)
        return 1;
    }
  return 0;
}

static int run_all(FILE *input, FILE *output, const char *output_name, struct session *session) {
  unsigned long long bytes = 0;
  int64_t count;
  do {
    count = read_batch(input, session, &bytes);
    if (ferror(input))
      return complain("cannot read the input", strerror(errno));
    if (count == 0)
      break;
    if (skipmodel_run(session->context, count, (const float *const *)session->in.buffers, session->out.buffers) != SKIP_OK)
      return complain_of_call();
    if (write_batch(output, session, count) != 0)
      return complain_of_file("write", output_name);
  } while (count == session->batch);
  if (bytes == 0)
    return complain("the input is empty", NULL);
  if (bytes % session->in.image_bytes != 0)
    return complain_of_size(bytes, &session->in);
  return fflush(output) == 0 ? 0 : complain_of_file("write", output_name);
}

static char *part; /* the file that is being written, for the signal handler */

static void remove_part(int signal_number) {
  if (part)
    unlink(part);
  _exit(128 + signal_number);
}

/* A device, a pipe or a symbolic link is written through, not replaced. */
static int run_directly(FILE *input, const char *path, struct session *session) {
  FILE *output = fopen(path, "wb");
  int status;
  if (!output)
    return complain_of_file("write", path);
  status = run_all(input, output, path, session);
  if (fclose(output) != 0 && status == 0)
    status = complain_of_file("write", path);
  return status;
}

/* Opens a new file beside `path`, whose name `part` then holds. */
static FILE *open_part(const char *path) {
  size_t room = strlen(path) + 32;
  int file;
  part = malloc(room);
  if (!part)
    return NULL;
  snprintf(part, room, "%s.part-%ld", path, (long)getpid());
  file = open(part, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file >= 0)
    return fdopen(file, "wb");
  free(part);
  part = NULL;
  return NULL;
}

/* Results go to a file beside FILE first, so that FILE is never half of them. */
static int run_to_file(FILE *input, const char *path, struct session *session) {
  struct stat info;
  FILE *output;
  int status;
  if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode))
    return run_directly(input, path, session);
  signal(SIGINT, remove_part);
  signal(SIGTERM, remove_part);
  signal(SIGHUP, remove_part);
  output = open_part(path);
  if (!output)
    return complain_of_file("write", path);
  status = run_all(input, output, path, session);
  if (fclose(output) != 0 && status == 0)
    status = complain_of_file("write", path);
  if (status == 0 && rename(part, path) != 0)
    status = complain_of_file("write", path);
  if (status != 0)
    unlink(part);
  free(part);
  part = NULL;
  return status;
}

static int execute(const struct options *options, struct session *session) {
  FILE *input = stdin;
  int status = open_session(options, session);
  if (status)
    return status;
  if (options->input && !(input = fopen(options->input, "rb")))
    return complain_of_file("read", options->input);
  if (options->input)
    status = check_size(input, &session->in);
  if (!status)
    status = options->output ? run_to_file(input, options->output, session)
                             : run_all(input, stdout, "standard output", session);
  if (options->input)
    fclose(input);
  return status;
}

int main(int argc, char **argv) {
  struct options options = {0};
  struct session session = {0};
  int i, status;
  for (i = 1; i < argc; i += 2) {
    if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
      return print_help();
    status = parse_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL, &options);
    if (status)
      return status;
  }
  status = execute(&options, &session);
  close_session(&session);
  return status;
}
