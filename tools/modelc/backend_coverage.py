"""The report of `modelc --coverage`: how many explicit messages have an implementation, and what
those of 6.2 that have none are waiting for.

The messages of 6.2 are those its documentation lists; hidden ones count only in all.
"""


def has_code(message):
    return message.impl or message.generic


def messages_of_6_2(model, owner):
    return [m for m in owner.messages if 'hidden' not in m.flags and
            model.in_release('clearwater', owner.life, m.life)]


def missing(model):
    """A line for each message of 6.2 without code, under what it lacks."""
    reasons = {}
    for owner in model.classes:
        for message in messages_of_6_2(model, owner):
            if not has_code(message):
                name = f'{owner.name}.{message.name}'
                reason = f'lacks {message.lacks}' if message.lacks else 'no reason given'
                reasons.setdefault(reason, []).append(name)
    lines = []
    for reason in sorted(reasons):
        lines.append(f'not there yet, {reason}:')
        lines += [f'    {name}' for name in reasons[reason]]
    return lines


def report(model):
    lines, done_62, all_62, done_all, count_all = [], 0, 0, 0, 0
    for owner in model.classes:
        messages = owner.messages
        old = messages_of_6_2(model, owner)
        done = [m for m in messages if has_code(m)]
        done_old = [m for m in old if has_code(m)]
        if messages:
            lines.append(f'{owner.name:24} 6.2: {len(done_old):3} of {len(old):3}   '
                         f'all: {len(done):3} of {len(messages):3}')
        done_62 += len(done_old)
        all_62 += len(old)
        done_all += len(done)
        count_all += len(messages)
    lines += missing(model)
    lines.append(f'6.2 explicit: {done_62} of {all_62}; all: {done_all} of {count_all}')
    return '\n'.join(lines) + '\n'
