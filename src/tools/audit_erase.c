/* audit-erase */
int
main(void)
{
	return 2;
}
