/* What the generated tables of xe look like: records, families and commands (gen/xe_table.c fills
 * them from model/cli). */
#pragma once

#include "db/schema.h"

typedef struct Cli Cli;
typedef struct CliObjects CliObjects;

typedef enum CliFieldFlags {
    CLI_FIELD_SETTABLE = 1 << 0,
    CLI_FIELD_SET = 1 << 1,
    CLI_FIELD_MAP = 1 << 2,
    CLI_FIELD_ADDABLE = 1 << 3,
    CLI_FIELD_REMOVABLE = 1 << 4,
    CLI_FIELD_KEYED = 1 << 5,     /* a map that is set key by key or as a whole, never added to */
    CLI_FIELD_EXPENSIVE = 1 << 6, /* not computed for lists */
    CLI_FIELD_HIDDEN = 1 << 7,    /* shown only when it is named */
    CLI_FIELD_DEPRECATED = 1 << 8,
    CLI_FIELD_CASELESS = 1 << 9, /* matched without regard to case */
    CLI_FIELD_COMMA = 1 << 10,   /* a set that is joined with ", " */
} CliFieldFlags;

typedef enum CliSource {
    CLI_SOURCE_PATH,    /* `last`, after following `steps` */
    CLI_SOURCE_CALL,    /* the result of the message `last` on the object */
    CLI_SOURCE_EVERY,   /* `last` of all objects of the class in `steps`, when they agree */
    CLI_SOURCE_COMPUTE, /* what `compute` says */
} CliSource;

/* A reference that is followed: the field that holds it, and the class it leads to. */
typedef struct CliStep {
    const char *field;
    const char *class_name;
} CliStep;

/* A pair of texts; tables end with {NULL, NULL}. */
typedef struct CliText {
    const char *name;
    const char *text;
} CliText;

/* A value that is no field of the API; `record` is get_record's. (owned) */
typedef char *CliCompute(CliObjects *objects, Uuid self, const Value *record);

typedef struct CliField {
    const char *name;
    unsigned flags;
    CliSource source;
    const CliStep *steps;
    unsigned step_count;
    const char *last;
    const TypeInfo *type; /* of `last` */
    bool is_static;       /* CLI_SOURCE_CALL: the message takes no object */
    CliCompute *compute;
    const char *otherwise; /* shown when there is no value; NULL: "<not in database>" */
    const CliText *texts;  /* how values of an enum are shown; NULL: as they are */
    const char *refs;      /* the class that texts of a set refer to; NULL: they do not */
    const char *setter, *adder, *remover; /* messages */
    const char *set_key, *set_map;        /* messages for CLI_FIELD_KEYED */
} CliField;

typedef struct CliRecord {
    const char *class_name;
    const CliField *fields;
    unsigned field_count;
} CliRecord;

typedef struct CliFamily {
    const char *name;
    const CliRecord *record;
    const CliText *where;       /* forced filters */
    const char *query;          /* for get_all_records_where; NULL: all objects */
    const char *const *columns; /* of the list by itself; NULL: all */
    bool is_standard;
} CliFamily;

typedef enum CliArgKind {
    CLI_ARG_PARAM,   /* a parameter of the command */
    CLI_ARG_SELF,    /* the selected object */
    CLI_ARG_LITERAL, /* `fallback` itself */
} CliArgKind;

typedef struct CliArg {
    CliArgKind kind;
    const char *param;
    const TypeInfo *type;
    /* When the parameter is left out: JSON, or "@pool", "@this-host", "@coordinator"; NULL: it is
     * required. */
    const char *fallback;
    const char *member; /* NULL, or the argument is this member of one record */
} CliArg;

typedef enum CliCommandFlags {
    CLI_COMMAND_STANDARD = 1 << 0, /* listed by `xe help` */
    CLI_COMMAND_HIDDEN = 1 << 1,   /* not even listed by `xe help --all` */
    CLI_COMMAND_DEPRECATED = 1 << 2,
    CLI_COMMAND_LOCAL = 1 << 3,     /* works by a local session, without a coordinator */
    CLI_COMMAND_VM = 1 << 4,        /* works on selected virtual machines */
    CLI_COMMAND_HOST = 1 << 5,      /* works on selected hosts */
    CLI_COMMAND_SR = 1 << 6,        /* works on selected storage repositories */
    CLI_COMMAND_DANGEROUS = 1 << 7, /* refused without --force */
} CliCommandFlags;

typedef bool CliRun(Cli *cli, Err **err);

typedef struct CliCommand {
    const char *name;
    const char *doc;
    const char *const *required;
    const char *const *optional;
    unsigned flags;
    /* Exactly one of the three: */
    CliRun *run;
    const char *lacks;   /* the feature that has to come first */
    const char *message; /* called with `args` */
    const TypeInfo *result;
    bool is_shown; /* the result is printed */
    const CliArg *args;
    unsigned arg_count;
} CliCommand;

extern const CliFamily cli_families[];
extern const unsigned cli_family_count;
extern const CliCommand cli_commands[]; /* by name */
extern const unsigned cli_command_count;
