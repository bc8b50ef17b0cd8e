/* config_policy: the keys of the configuration that are policy. */
