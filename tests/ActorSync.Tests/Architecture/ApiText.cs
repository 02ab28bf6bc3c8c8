using System.Reflection;
using System.Runtime.CompilerServices;

namespace ActorSync.Tests.Architecture;

/// <summary>Types and their members as lines, one a member, in a fixed order.</summary>
internal static class ApiText
{
    private const BindingFlags Own =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <param name="everything">Internal and nested ones too: a conversation is not public.</param>
    public static IEnumerable<string> Of(IEnumerable<Type> types, bool everything) =>
        types.OrderBy(Name, StringComparer.Ordinal).SelectMany(type => Of(type, everything));

    private static IEnumerable<string> Of(Type type, bool everything)
    {
        var name = Name(type);
        yield return $"{Kind(type)} {name}{Bases(type)}";
        foreach (var line in Members(type, everything).Order(StringComparer.Ordinal))
        {
            yield return $"  {name}.{line}";
        }

        var nested = type.GetNestedTypes(Own).Where(inner => Shown(inner) && (everything || inner.IsNestedPublic));
        foreach (var line in nested.OrderBy(Name, StringComparer.Ordinal).SelectMany(inner => Of(inner, everything)))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Members(Type type, bool everything)
    {
        if (type.IsEnum)
        {
            return type.GetEnumNames().Select(value => $"{value} = {Convert.ToInt64(Enum.Parse(type, value))}");
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return [Signature(type.GetMethod("Invoke")!)];
        }

        var isRecord = type.GetMethod("<Clone>$", Own) is not null || type.GetMethod("PrintMembers", Own) is not null;
        bool Visible(MethodBase? method) => method is not null && (everything ? !method.IsPrivate : method.IsPublic || method.IsFamily);
        return type.GetProperties(Own)
            .Where(property => Visible(property.GetMethod ?? property.SetMethod) && property.Name != "EqualityContract")
            .Select(property => $"{property.Name} : {Name(property.PropertyType, Null(property))} {Access(property)}")
            .Concat(
                type.GetFields(Own)
                    .Where(field => (field.IsPublic || (everything && field.IsAssembly)) && Shown(field))
                    .Select(field =>
                        $"{field.Name} : {Name(field.FieldType, Null(field))} {(field.IsLiteral ? "= " + field.GetRawConstantValue() : "field")}"
                    )
            )
            .Concat(type.GetConstructors(Own).Where(made => Visible(made) && !(isRecord && IsCopy(made))).Select(Signature))
            .Concat(
                type.GetMethods(Own)
                    .Where(method => Visible(method) && !method.IsSpecialName && Shown(method) && !(isRecord && IsOfRecord(method)))
                    .Select(Signature)
            );
    }

    private static bool Shown(MemberInfo member) =>
        !member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !member.Name.StartsWith('<');

    private static bool IsCopy(ConstructorInfo made) => made.GetParameters() is [var only] && only.ParameterType == made.DeclaringType;

    private static bool IsOfRecord(MethodInfo method) =>
        method.Name is "PrintMembers" or "Deconstruct" or "Equals" or "GetHashCode" or "ToString";

    private static string Kind(Type type) =>
        type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };

    private static string Bases(Type type)
    {
        var bases = type.GetInterfaces()
            .Where(one => !one.IsGenericType || one.GetGenericTypeDefinition() != typeof(IEquatable<>))
            .Where(_ => !type.IsEnum)
            .Select(one => Name(one))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (type is { IsClass: true, BaseType: { } above } && above != typeof(object))
        {
            bases.Insert(0, Name(above));
        }

        return bases.Count == 0 ? string.Empty : " : " + string.Join(", ", bases);
    }

    private static string Access(PropertyInfo property) =>
        property switch
        {
            { SetMethod: null } => "{ get }",
            { SetMethod: { } set } when set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) =>
                "{ get, init }",
            { SetMethod.IsPublic: true } => "{ get, set }",
            _ => "{ get }",
        };

    private static string Signature(MethodBase method)
    {
        var parameters = method
            .GetParameters()
            .Select(p =>
                $"{Name(p.ParameterType, new NullabilityInfoContext().Create(p))} {p.Name}{(p.HasDefaultValue ? "?" : string.Empty)}"
            );
        var generic = method.IsGenericMethodDefinition
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>"
            : string.Empty;
        var result = method is MethodInfo { ReturnParameter: var back, ReturnType: var type }
            ? " : " + Name(type, new NullabilityInfoContext().Create(back))
            : string.Empty;
        return $"{(method.IsConstructor ? "new" : method.Name)}{generic}({string.Join(", ", parameters)}){result}";
    }

    private static NullabilityInfo Null(PropertyInfo property) => new NullabilityInfoContext().Create(property);

    private static NullabilityInfo Null(FieldInfo field) => new NullabilityInfoContext().Create(field);

    private static string Name(Type type) => Name(type, null);

    private static string Name(Type type, NullabilityInfo? nullability)
    {
        var mark = nullability?.ReadState == NullabilityState.Nullable && !type.IsValueType ? "?" : string.Empty;
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!, nullability?.ElementType) + "[]" + mark;
        }

        if (type.IsGenericType && !type.IsGenericTypeDefinition)
        {
            var arguments = type.GetGenericArguments().Select((a, i) => Name(a, nullability?.GenericTypeArguments.ElementAtOrDefault(i)));
            return $"{Plain(type)}<{string.Join(", ", arguments)}>{mark}";
        }

        return Plain(type) + mark;
    }

    private static string Plain(Type type)
    {
        var name = type.Name.Split('`')[0];
        return type.IsNested && !type.IsGenericParameter ? $"{Plain(type.DeclaringType!)}.{name}" : name;
    }
}
