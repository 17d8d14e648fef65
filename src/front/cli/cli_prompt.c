/* The question before what cannot be undone. */
#include "front/cli/cli_prompt.h"

#include "front/cli/cli_output.h"
#include "front/cli/cli_transfer.h"
#include "net/thincli.h"

bool cli_prompt_confirm(Cli *cli, bool *ret_agreed, Err **err)
{
    cli_output_print(cli, "Type 'yes' to continue");
    thincli_append_plain(cli->out, THINCLI_COMMAND, THINCLI_PROMPT);
    g_autofree char *answer = cli_transfer_receive(cli, err);
    if (!answer) {
        return false;
    }
    g_autofree char *trimmed = g_strstrip(g_strdup(answer));
    *ret_agreed = g_ascii_strcasecmp(trimmed, "yes") == 0;
    if (!*ret_agreed) {
        cli_output_print(cli, "Aborted (you typed: '%s')", answer);
    }
    return true;
}

bool cli_prompt_warn(Cli *cli, const char *const *warnings, bool *ret_agreed, Err **err)
{
    bool is_forced = false;
    if (!cli_args_get_bool(cli->args, "force", false, &is_forced, err)) {
        return false;
    }
    if (is_forced) {
        *ret_agreed = true;
        return true;
    }
    for (; *warnings; warnings++) {
        cli_output_print(cli, "%s", *warnings);
    }
    return cli_prompt_confirm(cli, ret_agreed, err);
}
