// SPDX-License-Identifier: BSD-3-Clause
/*
 * tide.c - a gauge for the water under the pier
 *
 * A made-up driver for a made-up gauge, written to be read by networks.
 */

#include <linux/module.h>
#include <linux/delay.h>
#include <linux/io.h>

#define TIDE_STATUS	0x04	/* what the float says */
#define TIDE_CONTROL	0x08	/* what we say to the float */
#define TIDE_READY	(1 << 0)
#define TIDE_STUCK	(1 << 3)	/* weed, or a gull */

struct tide {
	void __iomem *base;
	struct device *dev;
	int low;		/* in millimetres below the planks */
	int high;		/* the same, at flood */
	bool asleep;
};

static const char * const tide_names[] = {
	"ebb",
	"slack",
	"flood",
	"spring",
};

/* Wait until the float has settled. Waves make it dance. */
static int tide_wait(struct tide *tide)
{
	int tries = 10;

	while (tries--) {
		u32 status = readl(tide->base + TIDE_STATUS);

		if (status & TIDE_READY)
			return 0;
		if (status & TIDE_STUCK) {
			dev_warn(tide->dev, "the float is stuck\n");
			return -EIO;
		}
		msleep(20);	/* one small wave */
	}

	dev_err(tide->dev, "no answer after %d tries\n", 10);
	return -ETIMEDOUT;
}

/*
 * Read the level once. The caller must not hold a lock, as this may
 * sleep for as long as the sea likes.
 */
static int tide_read(struct tide *tide, int *level)
{
	int ret;

	ret = tide_wait(tide);
	if (ret)
		return ret;

	/* the upper bytes are millimetres, the lowest is flags */
	*level = readl(tide->base + TIDE_STATUS) >> 8;
	if (*level < tide->low || *level > tide->high) {
		/* not an error: storms do that */
		dev_info(tide->dev, "level %d is out of range\n", *level);
		*level = clamp(*level, tide->low, tide->high);
	}

	return 0;
}

static const char *tide_name(struct tide *tide, int level)
{
	int third = (tide->high - tide->low) / 3;

	if (!third)
		return "unknown";	/* nobody has measured it yet */
	if (level > tide->high - third / 4)
		return tide_names[3];

	/* three equal parts will do for a pier */
	return tide_names[(level - tide->low) / third];
}

static ssize_t level_show(struct device *dev,
			  struct device_attribute *attr, char *buf)
{
	struct tide *tide = dev_get_drvdata(dev);
	int level, ret;

	ret = tide_read(tide, &level);
	if (ret < 0)
		return sprintf(buf, "error %d\n", ret);

	return sprintf(buf, "%d mm (%s)\n", level, tide_name(tide, level));
}
static DEVICE_ATTR_RO(level);

/* Put the gauge to sleep, unless the water is rising too fast. */
static int tide_suspend(struct device *dev)
{
	struct tide *tide = dev_get_drvdata(dev);
	int before, after;

	if (tide_read(tide, &before) || tide_read(tide, &after))
		return -EBUSY;

	if (after - before > 5) {
		dev_warn(dev, "rising: \"%s\" stays awake\n", dev_name(dev));
		return -EAGAIN;	/* try again at slack water */
	}

	writel(0, tide->base + TIDE_CONTROL);
	tide->asleep = true;
	dev_dbg(dev, "asleep at %d\n", after);
	return 0;
}

static int tide_resume(struct device *dev)
{
	struct tide *tide = dev_get_drvdata(dev);

	/* the first reading after sleep is always wrong */
	writel(TIDE_READY, tide->base + TIDE_CONTROL);
	tide->asleep = false;
	return tide_wait(tide);
}

static int tide_probe(struct platform_device *pdev)
{
	struct tide *tide;
	int ret;

	tide = devm_kzalloc(&pdev->dev, sizeof(*tide), GFP_KERNEL);
	if (!tide)
		return -ENOMEM;

	tide->dev = &pdev->dev;
	tide->base = devm_ioremap_resource(&pdev->dev, pdev->resource);
	if (IS_ERR(tide->base)) {
		dev_err(tide->dev, "cannot map /* the */ registers\n");
		return PTR_ERR(tide->base);
	}

	/* "low" and "high" may be missing: guess, and say so */
	ret = of_property_read_u32(pdev->dev.of_node, "low", &tide->low);
	if (ret)
		dev_info(tide->dev, "no %s in the tree\n", "low");
	ret = of_property_read_u32(pdev->dev.of_node, "high", &tide->high);
	if (ret)
		tide->high = 4000;	/* four metres, in a good year */

	/* from here on "cat level" works, whatever the weather */
	platform_set_drvdata(pdev, tide);
	return device_create_file(tide->dev, &dev_attr_level);
}

static void tide_remove(struct platform_device *pdev)
{
	struct tide *tide = platform_get_drvdata(pdev);

	/* memory is given back by those who lent it */
	device_remove_file(tide->dev, &dev_attr_level);
	dev_info(tide->dev, "the tide goes on without us\n");
}

static const struct of_device_id tide_match[] = {
	{ .compatible = "pier,tide-gauge" },
	{ .compatible = "pier,tide-gauge-v2" },	/* with a lid */
	{ /* the end */ }
};

static struct platform_driver tide_driver = {
	.probe	= tide_probe,
	.remove	= tide_remove,
	.driver	= {
		.name		= "tide",
		.of_match_table	= tide_match,
	},
};
module_platform_driver(tide_driver);

MODULE_AUTHOR("the old man at the gate");
MODULE_DESCRIPTION("The water under the pier");
MODULE_LICENSE("Dual BSD/GPL");
