// SPDX-License-Identifier: BSD-3-Clause
/*
 * bell.c - the bell buoy beyond the point
 *
 * As made up as the rest. A buoy rings by itself; this code only
 * listens, counts, and complains when it hears nothing.
 */

#include <linux/module.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/slab.h>

#define BELL_QUIET	(60 * HZ)	/* a minute without a sound */
#define BELL_MAX	16
#define BELL_LOUD(b)	((b)->strokes > (BELL_MAX << 1))

enum bell_mood {
	BELL_CALM,	/* nothing to report */
	BELL_RINGING,
	BELL_ALARMED,	/* more than one stroke a second */
};

struct bell {
	struct list_head list;
	spinlock_t lock;	/* for the two below */
	unsigned int strokes;
	unsigned long last;
	enum bell_mood mood;
	char name[16];
};

static LIST_HEAD(bells);
static DEFINE_MUTEX(bells_lock);	/* taken before any bell->lock */

static const char *bell_mood_name(enum bell_mood mood)
{
	switch (mood) {
	case BELL_CALM:
		return "calm";
	case BELL_RINGING:
		return "ringing";
	case BELL_ALARMED:
		return "alarmed";
	default:
		/* cannot happen, and so it will */
		return "confused";
	}
}

/* Called with interrupts off: do little, and do it quickly. */
static irqreturn_t bell_stroke(int irq, void *data)
{
	struct bell *bell = data;
	unsigned long now = jiffies;

	/* one stroke may count twice: the sea is not a metronome */
	spin_lock(&bell->lock);
	bell->strokes++;
	if (now - bell->last < HZ)
		bell->mood = BELL_ALARMED;
	else
		bell->mood = BELL_RINGING;
	bell->last = now;
	spin_unlock(&bell->lock);

	if (BELL_LOUD(bell))
		pr_warn_once("bell: %s will not stop\n", bell->name);

	return IRQ_HANDLED;
}

/*
 * Look at every bell in turn. Returns how many have been silent for
 * too long; "silent" is not the same as "lost".
 */
static int bell_listen(void)
{
	struct bell *bell;
	int silent = 0;	/* how many */

	mutex_lock(&bells_lock);
	list_for_each_entry(bell, &bells, list) {
		if (time_after(jiffies, bell->last + BELL_QUIET)) {
			pr_info("bell: nothing from %s\n", bell->name);
			bell->mood = BELL_CALM;
			silent++;
			continue;
		}

		/* it rang: forget half of what we counted */
		spin_lock_irq(&bell->lock);
		bell->strokes /= 2;
		spin_unlock_irq(&bell->lock);
	}
	mutex_unlock(&bells_lock);

	return silent;
}

static struct bell *bell_find(const char *name)
{
	struct bell *bell;

	/* there are never many: a list is enough */
	list_for_each_entry(bell, &bells, list)
		if (!strncmp(bell->name, name, sizeof(bell->name)))
			return bell;

	return NULL;
}

int bell_hang(const char *name, int irq)
{
	struct bell *bell;
	int ret = -EEXIST;

	if (!name || !*name) {
		pr_err("bell: a bell must have a name\n");
		return -EINVAL;
	}

	/* two bells of one name would answer for each other */
	mutex_lock(&bells_lock);
	if (bell_find(name)) {
		pr_err("bell: \"%s\" hangs there already\n", name);
		goto out;
	}

	ret = -ENOMEM;
	bell = kzalloc(sizeof(*bell), GFP_KERNEL);
	if (!bell)
		goto out;	/* no memory, no bell */

	/* a long name is cut: the list has sixteen columns */
	spin_lock_init(&bell->lock);
	strscpy(bell->name, name, sizeof(bell->name));
	bell->last = jiffies;

	/* from here on it may ring at any time */
	ret = request_irq(irq, bell_stroke, IRQF_SHARED, "bell", bell);
	if (ret) {
		pr_err("bell: no interrupt %d for %s (%d)\n", irq, name, ret);
		kfree(bell);
		goto out;
	}

	list_add_tail(&bell->list, &bells);
	pr_debug("bell: %s is up // and swinging\n", name);
out:
	mutex_unlock(&bells_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(bell_hang);

static int bell_show(struct seq_file *seq, void *unused)
{
	struct bell *bell;

	seq_puts(seq, "name             strokes  mood\n");

	mutex_lock(&bells_lock);
	list_for_each_entry(bell, &bells, list) {
		/* sixteen columns, whatever the name */
		seq_printf(seq, "%-16s", bell->name);
		seq_printf(seq, " %7u", bell->strokes);
		seq_printf(seq, "  %s\n", bell_mood_name(bell->mood));
	}
	mutex_unlock(&bells_lock);

	if (list_empty(&bells))
		seq_puts(seq, "(no bells)\n");	/* a quiet sea */

	return 0;
}

static int __init bell_init(void)
{
	/* one file, for those who cannot hear */
	if (!proc_create_single("bells", 0444, NULL, bell_show))
		return -ENOMEM;

	pr_info("bell: listening, %d silent\n", bell_listen());
	return 0;
}

static void __exit bell_exit(void)
{
	struct bell *bell, *next;

	/* the file first, so that nobody looks while we take them down */
	remove_proc_entry("bells", NULL);

	list_for_each_entry_safe(bell, next, &bells, list) {
		list_del(&bell->list);
		pr_info("bell: %s rang %u times\n", bell->name, bell->strokes);
		kfree(bell);	/* the buoy stays where it is */
	}
}

module_init(bell_init);
module_exit(bell_exit);
MODULE_DESCRIPTION("A bell buoy that nobody has seen");
MODULE_LICENSE("Dual BSD/GPL");
