// SPDX-License-Identifier: BSD-3-Clause
/*
 * lantern.c - the lamp at the end of the pier
 *
 * A made-up driver for a made-up lamp, written to be read by networks:
 * it has comments (long and short), strings with "quotes" in them,
 * and expressions that nest. It has never been compiled in anger.
 */

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#define LANTERN_MAX_LAMPS	8
#define LANTERN_DIM		(1 << 2)
#define LANTERN_LEVEL(x)	(((x) & 0x3f) << (LANTERN_DIM - 1))

struct lantern {
	struct mutex lock;	/* protects everything below */
	unsigned int level;
	unsigned long flags;
	const char *name;
	struct lantern *next;
};

static struct lantern *lamps[LANTERN_MAX_LAMPS];
static DEFINE_MUTEX(lamps_lock);

/* The wick is trimmed twice: once when it is lit, once when it smokes. */
static int lantern_trim(struct lantern *lamp, int wick)
{
	int ret = 0;

	if (!lamp || wick < 0)
		return -EINVAL;

	mutex_lock(&lamp->lock);
	while (wick > 0) {
		if (lamp->level > LANTERN_LEVEL(wick)) {
			ret = lantern_write(lamp, (lamp->level - 1) & 0xff);
			if (ret < 0) {
				pr_err("lantern: cannot trim %s (%d)\n",
				       lamp->name, ret);
				goto out;
			}
		}
		wick--;
	}
out:
	mutex_unlock(&lamp->lock);
	return ret;
}

/*
 * Find a lamp by its name. The caller holds lamps_lock; what is
 * returned may be NULL, and "no lamp" is not an error.
 */
static struct lantern *lantern_find(const char *name)
{
	struct lantern *lamp;
	int i;

	for (i = 0; i < LANTERN_MAX_LAMPS; i++) {
		for (lamp = lamps[i]; lamp; lamp = lamp->next) {
			if (!strcmp(lamp->name, name))
				return lamp;
		}
	}
	return NULL;
}

int lantern_light(const char *name, unsigned int level)
{
	struct lantern *lamp;
	int ret;

	mutex_lock(&lamps_lock);
	lamp = lantern_find(name);
	if (!lamp) {
		/* nobody hung it up yet: do so now */
		lamp = kzalloc(sizeof(*lamp), GFP_KERNEL);
		if (!lamp) {
			ret = -ENOMEM;
			goto unlock;
		}
		mutex_init(&lamp->lock);
		lamp->name = name;
		lamp->next = lamps[hash(name) % LANTERN_MAX_LAMPS];
		lamps[hash(name) % LANTERN_MAX_LAMPS] = lamp;
	}

	if (level > LANTERN_LEVEL(63) || (level && !(level & 1))) {
		pr_warn("lantern: \"%s\" asked for level %u /* too bright */\n",
			name, level);
		ret = -ERANGE;
		goto unlock;
	}

	lamp->level = level;
	ret = lantern_trim(lamp, min(level, (unsigned int)(LANTERN_DIM)));
unlock:
	mutex_unlock(&lamps_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(lantern_light);

static int __init lantern_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(lamps); i++)
		lamps[i] = NULL;	// dark

	pr_info("lantern: the ferry is late, %d lamps are ready\n", i);
	return 0;
}

static void __exit lantern_exit(void)
{
	struct lantern *lamp, *next;
	int i;

	for (i = 0; i < LANTERN_MAX_LAMPS; i++) {
		for (lamp = lamps[i]; lamp; lamp = next) {
			next = lamp->next;
			if (lamp->flags & (1UL << (lamp->level % 8)))
				pr_debug("lantern: %s was still lit\n",
					 lamp->name);
			kfree(lamp);
		}
	}
}

module_init(lantern_init);
module_exit(lantern_exit);
MODULE_DESCRIPTION("The lamp at the end of the pier");
MODULE_LICENSE("Dual BSD/GPL");
